using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using InitRuntime.Unit.Mkinitramfs.Rootfs;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

public sealed class InitramfsBuilderTests
{
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);

    [Fact]
    public void Cpio_unpacks_init_its_configuration_and_unpacked_modules()
    {
        using var directory = new TemporaryDirectory();
        using TarArchive root = TarArchive.Open(SmallRoot.Make(directory));
        KernelFiles kernel = KernelFiles.Find(root);
        Assert.Equal(SmallRoot.KernelVersion, kernel.Version);
        ImageManifest manifest = Manifests.Small() with
        {
            Kernel = Manifests.Small().Kernel with { Modules = ["nvme", "tpm_crb"] },
        };
        IReadOnlyList<ModuleResolver.Chosen> modules = BootModules.Resolve(manifest, kernel);
        BootConfiguration configuration = Configuration(modules);
        byte[] init = [1, 2, 3];
        InitramfsBuilder.Write(directory["1"], init, configuration, modules, [4, 5], kernel, Tools.Tree, _log);
        InitramfsBuilder.Write(directory["2"], init, configuration, modules, [4, 5], kernel, Tools.Tree, _log);
        Assert.Equal(File.ReadAllBytes(directory["1"]), File.ReadAllBytes(directory["2"]));

        // What /init believes stands behind the rest, compressed by itself: the kernel unpacks one after the other.
        (byte[] programs, byte[] beliefs) = Archives(directory["1"]);
        File.WriteAllBytes(directory["programs"], programs);
        File.WriteAllBytes(directory["beliefs"], beliefs);
        Tools.Run("sh", "-c", $"mkdir '{directory["x"]}' && cd '{directory["x"]}' && for part in '{directory["beliefs"]}' '{directory["programs"]}'; do cpio -id --quiet --no-absolute-filenames <\"$part\"; done");
        Assert.Equal(init, File.ReadAllBytes(directory["x/init"]));
        Assert.Equal([4, 5], File.ReadAllBytes(directory["x" + VerityImage.SignaturePath]));
        Assert.True(BootConfigJson.TryParse(File.ReadAllBytes(directory["x" + BootConfigJson.Path]), out BootConfiguration read, out _));
        Assert.Equal(modules.Select(module => module.Settings.Name), read.Modules.Select(module => module.Name));
        Assert.Equal(SmallRoot.Module("drivers/md/dm-verity.ko"), File.ReadAllBytes(directory["x/usr/lib/modules/dm_verity.ko"]));
        Assert.Equal(SmallRoot.Module("fs/erofs.ko"), File.ReadAllBytes(directory["x/usr/lib/modules/erofs.ko"]));
        Assert.All(["dev", "proc", "run", "sys", "sysroot"], name => Assert.True(Directory.Exists(directory["x/" + name])));
        string listed = Tools.Run("sh", "-c", $"cpio -tv --quiet <'{directory["programs"]}'");
        Assert.Matches(@"(?m)^crw-------\s+1 root\s+root\s+5,\s+1 .* dev/console$", listed);
    }

    [Fact]
    public void What_volumes_and_overlays_need_lies_unpacked_in_the_root()
    {
        using var directory = new TemporaryDirectory();
        using TarArchive root = TarArchive.Open(SmallRoot.Make(directory));
        KernelFiles kernel = KernelFiles.Find(root);
        ImageManifest manifest = Manifests.Small() with { Volumes = [Manifests.Volume("var", "/var"), Manifests.Volume("data", "/data", 64, "ext4")] };
        IReadOnlyList<ModuleResolver.Chosen> modules = BootModules.Resolve(manifest, kernel);
        string modulesOfRoot = $"/usr/lib/modules/{SmallRoot.KernelVersion}/kernel";
        Assert.Equal(
            [
                "/usr/lib/initruntime/modules/dm-crypt.ko", "/usr/lib/initruntime/modules/ext4.ko",
                $"{modulesOfRoot}/crypto/aesni-intel.ko", $"{modulesOfRoot}/crypto/cryptd.ko", $"{modulesOfRoot}/crypto/xor.ko", $"{modulesOfRoot}/crypto/xts.ko",
                $"{modulesOfRoot}/crypto/xxhash_generic.ko", $"{modulesOfRoot}/drivers/i6300esb.ko",
                $"{modulesOfRoot}/fs/btrfs.ko", $"{modulesOfRoot}/fs/mbcache.ko", $"{modulesOfRoot}/fs/overlay.ko",
            ],
            modules.Where(module => module.Settings.InRoot).Select(module => module.Settings.Path).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["btrfs", "dm_crypt", "ext4", "overlay", "xts"],
            modules.Where(module => module.Settings is { InRoot: true, Always: true }).Select(module => module.Settings.Name).Order(StringComparer.Ordinal));

        IReadOnlyList<AddedFile> added = RootModules.Unpack(modules, kernel, Tools.Tree, _log);
        Assert.Equal(["usr/lib/initruntime/modules/dm-crypt.ko", "usr/lib/initruntime/modules/ext4.ko"], added.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal(SmallRoot.Module("drivers/md/dm-crypt.ko"), added.Single(file => file.Path.EndsWith("dm-crypt.ko", StringComparison.Ordinal)).Content);

        InitramfsBuilder.Write(directory["i"], [1], Configuration(modules), modules, null, kernel, Tools.Tree, _log);
        File.WriteAllBytes(directory["programs"], Archives(directory["i"]).Programs);
        string[] listed = Tools.Run("sh", "-c", $"cpio -t --quiet <'{directory["programs"]}'").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            modules.Where(module => !module.Settings.InRoot).Select(module => module.Settings.Path.TrimStart('/')).Order(StringComparer.Ordinal),
            listed.Where(path => path.EndsWith(".ko", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_volumes_only_the_overlay_comes_from_the_root_and_without_a_watchdog_no_driver_of_one()
    {
        using var directory = new TemporaryDirectory();
        using TarArchive root = TarArchive.Open(SmallRoot.Make(directory));
        KernelFiles kernel = KernelFiles.Find(root);
        string[] FromRoot(ImageManifest manifest) => [.. BootModules.Resolve(manifest, kernel)
            .Where(module => module.Settings.InRoot).Select(module => module.Settings.Name)];
        ImageManifest manifest = Manifests.Small();
        Assert.Equal(["overlay", "i6300esb"], FromRoot(manifest));
        VolumeSection plain = Manifests.Volume("var", "/var");
        plain = plain with { Settings = plain.Settings with { Encryption = VolumeEncryption.None } };
        Assert.Equal(["xxhash_generic", "xor", "btrfs", "overlay", "i6300esb"], FromRoot(manifest with { Volumes = [plain] }));
        Assert.DoesNotContain("i6300esb", FromRoot(manifest with { Volumes = [plain], Boot = manifest.Boot with { WatchdogSeconds = 0 } }));

        BootSection boot = manifest.Boot with { WatchdogModules = ["i6300esb", "wdat_wdt"] };
        Assert.Contains("i6300esb", FromRoot(manifest with { Volumes = [plain], Boot = boot }));
        BuildException error = Assert.Throws<BuildException>(
            () => FromRoot(manifest with { Volumes = [plain], Boot = boot with { WatchdogModulesAreNamed = true } }));
        Assert.Contains("wdat_wdt (boot.watchdog-modules)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kernel/drivers/md/dm-crypt.ko.xz", false)]
    [InlineData("kernel/fs/btrfs.ko", true)]
    [InlineData("kernel/fs/ext4.ko.zst", false)]
    [InlineData("kernel/fs/linked.ko", false)]
    public void The_boot_takes_plain_modules_where_they_are(string module, bool plain)
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        File.CreateSymbolicLink(directory[$"root/usr/lib/modules/{SmallRoot.KernelVersion}/kernel/fs/linked.ko"], "btrfs.ko");
        Tools.Run("tar", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        string file = Path.GetFileName(module).Split('.')[0];
        Assert.Equal(
            plain ? $"/usr/lib/modules/{SmallRoot.KernelVersion}/{module}" : $"/usr/lib/initruntime/modules/{file}.ko", KernelFiles.Find(root).PathInRoot(module));
    }

    [Fact]
    public void A_module_without_signature_is_refused_for_a_kernel_that_checks_them()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        string modules = directory[$"root/usr/lib/modules/{SmallRoot.KernelVersion}/kernel"];
        byte[] unsigned = [0x7f, (byte)'E', (byte)'L', (byte)'F'];
        File.WriteAllBytes(Path.Combine(modules, "drivers/nvme.ko"), unsigned);
        File.WriteAllBytes(Path.Combine(modules, "fs/overlay.ko"), unsigned);
        Tools.Run("tar", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        KernelFiles kernel = KernelFiles.Find(root);
        ImageManifest manifest = Manifests.Small() with { Kernel = Manifests.Small().Kernel with { ModulesAlways = ["nvme"] } };
        IReadOnlyList<ModuleResolver.Chosen> chosen = BootModules.Resolve(manifest, kernel);
        BuildException error = Assert.Throws<BuildException>(
            () => InitramfsBuilder.Write(directory["i"], [1], Configuration(chosen), chosen, null, kernel, Tools.Tree, _log));
        Assert.Contains("kernel/drivers/nvme.ko has no signature", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<BuildException>(() => RootModules.Unpack(chosen, kernel, Tools.Tree, _log));
        Assert.Contains("kernel/fs/overlay.ko has no signature", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_without_kernel_and_one_with_two_are_told_apart()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.CreateDirectory(directory["root/usr/lib/modules/6.13"]);
        File.WriteAllText(directory["root/usr/lib/modules/6.13/modules.dep"], "");
        Tools.Run("tar", "-cf", directory["two.tar"], "-C", directory["root"], ".");
        using (TarArchive two = TarArchive.Open(directory["two.tar"]))
        {
            Assert.Contains("2 kernels", Assert.Throws<BuildException>(() => KernelFiles.Find(two)).Message, StringComparison.Ordinal);
        }

        Directory.Delete(directory["root/usr/lib/modules"], recursive: true);
        Tools.Run("tar", "-cf", directory["none.tar"], "-C", directory["root"], ".");
        using TarArchive none = TarArchive.Open(directory["none.tar"]);
        Assert.Contains("kernel.package", Assert.Throws<BuildException>(() => KernelFiles.Find(none)).Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { }, "not an ELF program")]
    [InlineData(new byte[] { 0x4d, 0x5a }, "not an ELF program")]
    public void What_is_no_program_cannot_be_init(byte[] program, string problem) =>
        Assert.Contains(problem, DeviceProgram.Problem(program), StringComparison.Ordinal);

    [Fact]
    public void A_dynamic_program_cannot_be_init_and_no_damaged_one_crashes_the_check()
    {
        byte[] dynamic = File.ReadAllBytes(Tools.Tree.HostPath("usr/bin/true"));
        Assert.Contains("dynamically", DeviceProgram.Problem(dynamic), StringComparison.Ordinal);
        Hostile.EveryPrefixAndEveryDamagedByte(dynamic.AsSpan(0, 1024), bytes => DeviceProgram.Problem(bytes) is not "");
    }

    private static BootConfiguration Configuration(IReadOnlyList<ModuleResolver.Chosen> modules) => new()
    {
        FormatVersion = 1,
        ImageUuid = new Guid("01234567-89ab-8def-8123-456789abcdef"),
        ImageName = "test",
        ImageVersion = "1.0",
        Root = new RootSettings
        {
            FileSystem = "erofs",
            SlotLabels = ["root-a"],
            Verity = VerityImage.Plan(Manifests.Small().Verity, 8192) with { RootHash = new string('0', 64) },
        },
        Modules = [.. modules.Select(module => module.Settings)],
        Overlays = [],
        Failure = new FailureSettings { Action = FailureAction.Reboot, LongestDelaySeconds = 0 },
        DeviceTimeoutSeconds = 30,
        Init = "/sbin/init",
        DebugShell = false,
    };

    /// <summary>Both archives of an initramfs, unpacked.</summary>
    private static (byte[] Programs, byte[] Beliefs) Archives(string initramfs)
    {
        byte[] bytes = File.ReadAllBytes(initramfs);
        int second = bytes.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]);
        byte[] Unpack(byte[] archive) => (Tools.Tree.Command("zstd", "-dcq") with { Input = archive }).Run(_log);
        return (Unpack(bytes[..second]), Unpack(bytes[second..]));
    }
}
