using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>What the boot chain of a manifest needs from its kernel. A missing option is found here, not on the device.</summary>
internal static class KernelRequirements
{
    /// <summary>One option that is needed.</summary>
    /// <param name="Option">Its name, with CONFIG_.</param>
    /// <param name="BuiltIn">Whether a module does not do.</param>
    /// <param name="Why">What of the manifest asks for it.</param>
    /// <param name="Or">Another option that does as well, or null.</param>
    internal sealed record Requirement(string Option, bool BuiltIn, string Why, string? Or = null)
    {
        internal bool IsMet(KernelConfig config) => Has(config, Option) || (Or is not null && Has(config, Or));

        private bool Has(KernelConfig config, string option) => BuiltIn ? config.IsBuiltIn(option) : config.Has(option);

        /// <summary>As a line of a kernel configuration, for people.</summary>
        public override string ToString() => $"{Option}{(Or is null ? "" : $" or {Or}")}={(BuiltIn ? "y" : "y or m")}: {Why}";
    }

    /// <summary>All that the manifest needs.</summary>
    internal static IEnumerable<Requirement> Of(ImageManifest manifest)
    {
        yield return new("CONFIG_EFI", true, "the boot chain starts from UEFI");
        yield return new("CONFIG_EFI_STUB", true, "the kernel is started as a UKI");
        yield return new("CONFIG_BLK_DEV_INITRD", true, "/init lies in an initramfs");
        yield return new("CONFIG_RD_ZSTD", true, "the initramfs is compressed with zstd");
        yield return new("CONFIG_DEVTMPFS", true, "/init gets its device nodes from devtmpfs");
        yield return new("CONFIG_TMPFS", true, "/run is a tmpfs");
        yield return new("CONFIG_EFIVAR_FS", false, "/init asks the firmware which disk it booted from");
        yield return new("CONFIG_DM_VERITY", false, "the root file system is verified by dm-verity");
        if (manifest.Verity.FecRoots > 0)
        {
            yield return new("CONFIG_DM_VERITY_FEC", true, $"verity.fec-roots = {manifest.Verity.FecRoots}");
        }

        if (manifest.Verity.RootHashKey is not null)
        {
            yield return new("CONFIG_DM_VERITY_VERIFY_ROOTHASH_SIG", true, "verity.root-hash-key asks for a signed root hash");
        }

        if (manifest.Overlays.Count > 0)
        {
            yield return new("CONFIG_OVERLAY_FS", false, $"overlay of {manifest.Overlays[0].Path}");
        }

        if (manifest.Failure.LongestDelaySeconds > 0 || manifest.Boot.WatchdogSeconds > 0)
        {
            yield return new("CONFIG_WATCHDOG", true, "a watchdog is armed while the system boots");
        }

        foreach (Requirement requirement in FileSystem(manifest.Rootfs).Concat(Volumes(manifest)))
        {
            yield return requirement;
        }
    }

    /// <exception cref="BuildException">Options are missing: all of them are named.</exception>
    internal static void Check(ImageManifest manifest, KernelFiles kernel)
    {
        List<Requirement> missing = [.. Of(manifest).Where(need => !need.IsMet(kernel.Config))];
        if (missing.Count > 0)
        {
            throw new BuildException(
                $"kernel {kernel.Version} lacks what this image needs:\n"
                + string.Join('\n', missing.Select(need => $"  {need}")),
                "take another kernel (kernel.package), or change what asks for it");
        }
    }

    /// <summary>Whether the boot cannot do without a TPM.</summary>
    internal static bool NeedsTpm(ImageManifest manifest) =>
        manifest.Tpm.Measure == MeasurePolicy.Required || manifest.Volumes.Any(volume => volume.IsEncrypted);

    private static IEnumerable<Requirement> Volumes(ImageManifest manifest)
    {
        if (NeedsTpm(manifest))
        {
            string why = manifest.Tpm.Measure == MeasurePolicy.Required ? "tpm.measure = \"required\"" : "the TPM opens encrypted volumes";
            yield return new("CONFIG_TCG_TPM", false, why);
            yield return new("CONFIG_TCG_TIS", false, why, Or: "CONFIG_TCG_CRB");
        }

        if (manifest.Volumes.FirstOrDefault(volume => volume.IsEncrypted) is { Settings.Name: var name })
        {
            string why = $"volume {name} is encrypted";
            yield return new("CONFIG_DM_CRYPT", false, why);
            yield return new("CONFIG_CRYPTO_AES", false, why);
            yield return new("CONFIG_CRYPTO_XTS", false, why);
            yield return new("CONFIG_KEYS", true, why);
        }

        foreach (string fileSystem in manifest.Volumes.Select(volume => volume.Settings.FileSystem).Distinct())
        {
            yield return new($"CONFIG_{fileSystem.ToUpperInvariant()}_FS", false, $"volume.file-system = \"{fileSystem}\"");
        }
    }

    private static IEnumerable<Requirement> FileSystem(RootfsSection rootfs)
    {
        bool isErofs = rootfs.FileSystem == "erofs";
        string option = isErofs ? "CONFIG_EROFS_FS" : "CONFIG_SQUASHFS";
        string why = $"rootfs.file-system = \"{rootfs.FileSystem}\"";
        yield return new(option, false, why);
        yield return new($"{option}_XATTR", true, why);
        string compressor = rootfs.Compression.Split(',', ':')[0];
        string? compression = (isErofs, compressor) switch
        {
            (_, "none") => null,
            (true, "lz4" or "lz4hc") => "ZIP",
            (true, "lzma") => "ZIP_LZMA",
            (true, "deflate" or "libdeflate") => "ZIP_DEFLATE",
            (true, _) => $"ZIP_{compressor.ToUpperInvariant()}",
            (false, "gzip") => "ZLIB",
            (false, "lz4hc") => "LZ4",
            (false, _) => compressor.ToUpperInvariant(),
        };
        if (compression is not null)
        {
            yield return new($"{option}_{compression}", true, $"rootfs.compression = \"{rootfs.Compression}\"");
        }
    }
}
