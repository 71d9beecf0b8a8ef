using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>Which modules the boot of a manifest needs: before the root is there, and with it.</summary>
internal static class BootModules
{
    /// <summary>The modules of a manifest, in loading order.</summary>
    /// <exception cref="Host.BuildException">The kernel has not all of them.</exception>
    internal static IReadOnlyList<ModuleResolver.Chosen> Resolve(ImageManifest manifest, KernelFiles kernel) => ModuleResolver.Resolve(
        kernel.Modules, BeforeTheRoot(manifest), WithTheRoot(manifest), kernel.PathInRoot, manifest.Kernel.ModuleOptions);

    private static ModuleResolver.Wishes BeforeTheRoot(ImageManifest manifest)
    {
        List<ModuleResolver.Wish> wishes =
        [
            new("efivarfs", "the boot needs it", Always: true),
            new("dm_mod", "the boot needs it", Always: true),
            new("dm_verity", "the boot needs it", Always: true),
            new(manifest.Rootfs.FileSystem, $"rootfs.file-system = \"{manifest.Rootfs.FileSystem}\"", Always: true),
        ];
        wishes.AddRange(manifest.Kernel.ModulesAlways.Select(name => new ModuleResolver.Wish(name, "kernel.modules-always", Always: true)));
        wishes.AddRange(manifest.Kernel.Modules.Select(name => new ModuleResolver.Wish(name, "kernel.modules", Always: false)));
        if (KernelRequirements.NeedsTpm(manifest))
        {
            // Measurements begin in the initramfs. Debian's kernels have both drivers built in.
            wishes.Add(new("tpm_crb", "the TPM", Always: false, Optional: true));
            wishes.Add(new("tpm_tis", "the TPM", Always: false, Optional: true));
        }

        return new(wishes, [manifest.Verity.Algorithm]);
    }

    private static ModuleResolver.Wishes WithTheRoot(ImageManifest manifest)
    {
        var wishes = new List<ModuleResolver.Wish>();
        bool encrypted = manifest.Volumes.Any(volume => volume.IsEncrypted);
        if (encrypted)
        {
            string reason = $"volume {manifest.Volumes.First(volume => volume.IsEncrypted).Settings.Name} is encrypted";
            wishes.Add(new("dm_crypt", reason, Always: true));
            // That the kernel has the ciphers is known from its configuration; where they are modules, nothing else loads them.
            wishes.Add(new("xts", reason, Always: true, Optional: true, Algorithm: "xts(aes)"));
            wishes.Add(new("ecb", reason, Always: true, Optional: true, Algorithm: "ecb(aes)"));
            wishes.Add(new("aes_generic", reason, Always: true, Optional: true, Algorithm: "aes"));
        }

        wishes.AddRange(manifest.Volumes.Select(volume => volume.Settings.FileSystem).Distinct()
            .Select(name => new ModuleResolver.Wish(name, $"volume.file-system = \"{name}\"", Always: true, ChoosesAlgorithm: true)));
        if (manifest.Volumes.FirstOrDefault(volume => volume.Settings.Snapshots == SnapshotProvider.DmSnapshot) is { } paired)
        {
            wishes.Add(new("dm_snapshot", $"the snapshots of volume {paired.Settings.Name}", Always: false));
        }

        if (manifest.Overlays.Count > 0)
        {
            wishes.Add(new("overlay", $"the overlay of {manifest.Overlays[0].Path} needs it", Always: true));
        }

        if (manifest.Boot.WatchdogSeconds > 0)
        {
            wishes.AddRange(manifest.Boot.WatchdogModules.Select(name => new ModuleResolver.Wish(
                name, "boot.watchdog-modules", Always: false, Optional: !manifest.Boot.WatchdogModulesAreNamed)));
        }

        return new(wishes, encrypted ? ["aes"] : []);
    }
}
