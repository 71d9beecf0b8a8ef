using System;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using InitRuntime.Unit.Mkinitramfs.Rootfs;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

public sealed class KernelRequirementsTests
{
    [Fact]
    public void A_module_does_where_a_module_is_enough()
    {
        KernelConfig config = KernelConfig.Parse("CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D=\"y\"\n\nnonsense\n");
        Assert.True(config.IsBuiltIn("CONFIG_A") && config.Has("CONFIG_A"));
        Assert.True(!config.IsBuiltIn("CONFIG_B") && config.Has("CONFIG_B"));
        Assert.False(config.Has("CONFIG_C") || config.Has("CONFIG_D") || config.Has("CONFIG_E"));
    }

    [Fact]
    public void A_kernel_with_all_options_passes_and_every_missing_one_is_named_with_its_reason()
    {
        using var directory = new TemporaryDirectory();
        using TarArchive root = TarArchive.Open(SmallRoot.Make(directory));
        KernelFiles kernel = KernelFiles.Find(root);
        ImageManifest manifest = Manifests.Small();
        KernelRequirements.Check(manifest, kernel);
        KernelRequirements.Check(manifest with { Rootfs = manifest.Rootfs with { FileSystem = "squashfs", Compression = "zstd" } }, kernel);

        BuildException error = Assert.Throws<BuildException>(() => KernelRequirements.Check(
            manifest with
            {
                Rootfs = manifest.Rootfs with { Compression = "zstd,15" },
                Verity = manifest.Verity with { RootHashKey = "/k" },
            },
            kernel));
        Assert.Contains("CONFIG_EROFS_FS_ZIP_ZSTD=y: rootfs.compression = \"zstd,15\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("CONFIG_DM_VERITY_VERIFY_ROOTHASH_SIG=y: verity.root-hash-key", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("CONFIG_DM_VERITY_FEC", error.Message, StringComparison.Ordinal);
    }
}
