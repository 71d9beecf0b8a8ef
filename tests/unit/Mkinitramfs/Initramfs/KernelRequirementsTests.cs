using System;
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

    [Fact]
    public void What_volumes_need_of_the_kernel_is_named_with_its_reason()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        string file = directory[$"root/boot/config-{SmallRoot.KernelVersion}"];
        ImageManifest manifest = Manifests.Small() with { Volumes = [Manifests.Volume("var", "/var"), Manifests.Volume("data", "/data", 300, "xfs")] };
        Assert.Equal(["  CONFIG_XFS_FS=y or m: volume.file-system = \"xfs\""], Missing(manifest));

        File.WriteAllLines(file, File.ReadAllLines(file).Where(line => !line.Contains("TCG_", StringComparison.Ordinal)
            && !line.Contains("CRYPT", StringComparison.Ordinal) && !line.Contains("KEYS", StringComparison.Ordinal)));
        Assert.Equal(
            [
                "  CONFIG_TCG_TPM=y or m: the TPM opens encrypted volumes",
                "  CONFIG_TCG_TIS or CONFIG_TCG_CRB=y or m: the TPM opens encrypted volumes",
                "  CONFIG_DM_CRYPT=y or m: volume var is encrypted",
                "  CONFIG_CRYPTO_AES=y or m: volume var is encrypted",
                "  CONFIG_CRYPTO_XTS=y or m: volume var is encrypted",
                "  CONFIG_KEYS=y: volume var is encrypted",
                "  CONFIG_XFS_FS=y or m: volume.file-system = \"xfs\"",
            ],
            Missing(manifest));
        VolumeSection plain = Manifests.Volume("var", "/var");
        plain = plain with { Settings = plain.Settings with { Encryption = VolumeEncryption.None } };
        Assert.Empty(Missing(Manifests.Small() with { Volumes = [plain] }));
        Assert.Contains(
            "  CONFIG_TCG_TPM=y or m: tpm.measure = \"required\"",
            Missing(Manifests.Small() with { Tpm = new TpmSettings { Measure = MeasurePolicy.Required } }));

        string[] Missing(ImageManifest manifest)
        {
            Tools.Run("tar", "-cf", directory["root.tar"], "-C", directory["root"], ".");
            using TarArchive root = TarArchive.Open(directory["root.tar"]);
            KernelFiles kernel = KernelFiles.Find(root);
            return Record.Exception(() => KernelRequirements.Check(manifest, kernel)) is BuildException error ? error.Message.Split('\n')[1..] : [];
        }
    }
}
