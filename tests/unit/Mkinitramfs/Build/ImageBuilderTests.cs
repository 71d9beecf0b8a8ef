using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Inspect;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Rootfs;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Build;

/// <summary>Whole builds from a ready archive of a few files, so that they take seconds.</summary>
public sealed class ImageBuilderTests : IDisposable
{
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);

    private readonly TemporaryDirectory _directory = new();
    private readonly ImageManifest _manifest;

    public ImageBuilderTests()
    {
        DevelopmentKeys.Make(_directory["keys"]);
        _manifest = Manifests.Small(SmallRoot.Make(_directory), _directory["keys"]);
        // The head of a static program, and nothing to run.
        byte[] init = new byte[64];
        ((ReadOnlySpan<byte>)[0x7f, .. "ELF"u8, 2, 1, 1]).CopyTo(init);
        init[18] = 62;
        init[32] = init[54] = 56;
        File.WriteAllBytes(_directory["init"], init);
        File.WriteAllBytes(_directory["ctl"], [.. init, .. "control"u8]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Two_builds_of_one_manifest_are_equal_byte_for_byte()
    {
        ImageSummary summary = Build(_manifest, _directory["1"]);
        Build(_manifest, _directory["2"]);
        string[] names = [.. Directory.GetFiles(_directory["1"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Equal(["disk.img", "image.json", "initramfs.cpio.zst", "linux.efi", "rootfs.img"], names);
        foreach (string name in names)
        {
            Tools.Run("cmp", Path.Combine(_directory["1"], name), Path.Combine(_directory["2"], name));
        }

        foreach ((string name, ArtefactSummary artefact) in summary.Artefacts)
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(_directory["1"], name));
            Assert.Equal((bytes.LongLength, Convert.ToHexStringLower(SHA256.HashData(bytes))), (artefact.Size, artefact.Sha256));
        }
    }

    [Fact]
    public void The_real_tools_accept_the_artefacts_and_the_summary_tells_the_truth()
    {
        ImageSummary summary = Build(_manifest, _directory["out"]);
        string root = _directory["out/rootfs.img"];
        Tools.Run("veritysetup", "verify", root, root, summary.Roothash, $"--hash-offset={summary.HashOffset}");
        Assert.Contains(summary.ImageUuid.ToString(), Tools.Run("veritysetup", "dump", root, $"--hash-offset={summary.HashOffset}"), StringComparison.Ordinal);
        Tools.Run("fsck.erofs", $"--extract={_directory["x"]}", root);
        Assert.Contains($"IMAGE_UUID={summary.ImageUuid}\n", File.ReadAllText(_directory["x/usr/lib/os-release"]), StringComparison.Ordinal);
        Tools.Run("sbverify", "--cert", _directory["keys/db.crt"], _directory["out/linux.efi"]);
        string uki = Tools.Run("ukify", "inspect", _directory["out/linux.efi"]);
        Assert.Contains("console=ttyS0 panic=5", uki, StringComparison.Ordinal);
        Assert.Contains(SmallRoot.KernelVersion, uki, StringComparison.Ordinal);
        Assert.Equal(ImageSummary.Write(summary), File.ReadAllBytes(_directory["out/image.json"]));
        Assert.Equal(ImageSummary.Write(summary), ImageSummary.Write(ImageSummary.Read(File.ReadAllBytes(_directory["out/image.json"]))));
        Assert.True(File.Exists(_directory["out/secure-boot/PK.crt"]));
        Assert.False(File.Exists(_directory["out/secure-boot/db.key"]), "a private key was copied");
    }

    [Fact]
    public void The_root_has_the_control_program_unless_the_manifest_says_no()
    {
        ImageSummary with = Build(_manifest, _directory["with"]);
        Tools.Run("fsck.erofs", $"--extract={_directory["x"]}", "--preserve-perms", _directory["with/rootfs.img"]);
        Assert.Equal(File.ReadAllBytes(_directory["ctl"]), File.ReadAllBytes(_directory["x/usr/bin/initruntime-ctl"]));
        Assert.Equal((UnixFileMode)0x1ed /* 0755 */, File.GetUnixFileMode(_directory["x/usr/bin/initruntime-ctl"]));

        File.Delete(_directory["ctl"]);
        ImageSummary without = Build(_manifest with { Device = new(Control: false) }, _directory["without"]);
        Tools.Run("fsck.erofs", $"--extract={_directory["y"]}", _directory["without/rootfs.img"]);
        Assert.False(File.Exists(_directory["y/usr/bin/initruntime-ctl"]));
        Assert.NotEqual(with.ImageUuid, without.ImageUuid);
        Assert.Contains("ctl", Assert.Throws<BuildException>(() => Build(_manifest, _directory["missing"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_is_in_boot_json_on_the_disk_and_in_the_summary()
    {
        ImageManifest manifest = _manifest with { Volumes = [Manifests.Volume("var", "/var")] };
        ImageSummary summary = Build(manifest, _directory["out"]);
        Assert.Equal([new VolumeSummary("var", "/var", "btrfs", "format")], summary.Volumes);
        Assert.Contains("dm_mod", summary.Modules);
        Assert.DoesNotContain("dm_crypt", summary.Modules);
        Assert.Equal(4, summary.Pcr11["sha256"].Count);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(_directory["out/image.json"]));
        Assert.Equal(
            """{"name":"var","mount":"/var","file_system":"btrfs","encrypt":"format"}""",
            JsonSerializer.Serialize(json.RootElement.GetProperty("volumes")[0]));
        Assert.Equal("GUID:56,63", Tools.Run("sfdisk", "--part-attrs", _directory["out/disk.img"], "6").Trim());

        var output = new StringWriter();
        Inspector.Inspect(_directory["out/linux.efi"], Tools.Tree, output, _log);
        Assert.Contains("from the root:   aesni_intel", output.ToString().Replace("cryptd ", ""), StringComparison.Ordinal);
        Assert.Contains("volumes:         var (btrfs, encrypt format) on /var", output.ToString(), StringComparison.Ordinal);

        byte[] uki = File.ReadAllBytes(_directory["out/linux.efi"]);
        Assert.True(UkiImage.TryParse(uki, out UkiImage? image, out _));
        Assert.True(image!.Content(uki, UkiSection.PcrPublicKey).SequenceEqual(File.ReadAllBytes(_directory["keys/pcr.pub"])));
        Assert.Single(JsonDocument.Parse(image.Content(uki, UkiSection.PcrSignature).ToArray()).RootElement.GetProperty("sha256").EnumerateArray());
    }

    [Fact]
    public void Image_paths_and_kept_overlays_shape_root_boot_json_and_UUID()
    {
        Directory.CreateDirectory(_directory["root/var/lib/dpkg"]);
        File.WriteAllText(_directory["root/var/lib/dpkg/status"], "packages");
        Tools.Run("tar", "--numeric-owner", "--owner=0", "--group=0", "--sort=name", "--mtime=@0", "-cf", _directory["root.tar"], "-C", _directory["root"], ".");
        VolumeSection volume = Manifests.Volume("var", "/var");
        ImageManifest With(params string[] imagePaths) => _manifest with
        {
            Volumes = [volume with { Settings = volume.Settings with { Snapshots = SnapshotProvider.Btrfs, ImagePaths = imagePaths } }],
            Overlays =
            [
                new OverlaySettings { Path = "/etc", Upper = OverlayUpper.Image, Volume = "var" },
                new OverlaySettings { Path = "/var/lib/other", Upper = OverlayUpper.Shared, Volume = "var" },
                new OverlaySettings { Path = "/usr/bin", Upper = OverlayUpper.Memory },
            ],
        };
        ImageSummary summary = Build(With("/var/lib/dpkg", "/var/lib/pam"), _directory["out"]);
        Tools.Run("fsck.erofs", $"--extract={_directory["x"]}", _directory["out/rootfs.img"]);
        Assert.Equal("packages", File.ReadAllText(_directory["x/usr/lib/initruntime/image/var/lib/dpkg/status"]));
        Assert.Equal("../../usr/lib/initruntime/image/var/lib/dpkg", new FileInfo(_directory["x/var/lib/dpkg"]).LinkTarget);
        Assert.Equal(["etc.list"], Directory.GetFiles(_directory["x/usr/lib/initruntime/overlay"]).Select(path => Path.GetFileName(path)));
        string bootJson = Tools.Run("sh", "-euc", "zstd -dcq \"$0\" | (cpio --quiet -t >/dev/null; cpio --quiet -i --to-stdout etc/initruntime/boot.json)", _directory["out/initramfs.cpio.zst"]);
        Assert.True(BootConfigJson.TryParse(Encoding.UTF8.GetBytes(bootJson), out BootConfiguration configuration, out _));
        Assert.Equal(["/var/lib/dpkg"], configuration.Volumes[0].ImagePaths);

        Assert.NotEqual(summary.ImageUuid, Build(With(), _directory["out"]).ImageUuid);
        Assert.NotEqual(
            summary.ImageUuid,
            Build(With("/var/lib/dpkg") with { Overlays = [With().Overlays[0] with { Path = "/usr/lib" }] }, _directory["out"]).ImageUuid);
        ImageManifest named = With("/var/lib/dpkg", "/var/lib/pam");
        named = named with { Volumes = [named.Volumes[0] with { ImagePathsAreNamed = true }] };
        BuildException error = Assert.Throws<BuildException>(() => Build(named, _directory["out"]));
        Assert.Contains("/var/lib/pam is not there", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_without_the_programs_of_its_volumes_is_refused_before_anything_is_made()
    {
        ImageManifest manifest = _manifest with { Volumes = [Manifests.Volume("data", "/data", 64, "ext4")] };
        BuildException error = Assert.Throws<BuildException>(() => Build(manifest, _directory["out"]));
        Assert.Contains("mkfs.ext4", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory["out"]));
    }

    [Fact]
    public void Any_change_of_what_boots_changes_the_image_UUID_and_a_given_one_is_kept()
    {
        Guid Uuid(ImageManifest manifest) => Build(manifest, _directory["out"]).ImageUuid;
        Guid first = Uuid(_manifest);
        Assert.Equal(8, first.Version);
        Assert.NotEqual(first, Uuid(_manifest with { Kernel = _manifest.Kernel with { CommandLine = ["panic=6"] } }));
        Assert.NotEqual(first, Uuid(_manifest with { Overlays = [] }));
        Assert.NotEqual(first, Uuid(_manifest with { Volumes = [Manifests.Volume("var", "/var")] }));
        Assert.Equal(first, Uuid(_manifest with { Disk = _manifest.Disk with { RootSize = 32 << 20 } }));
        var given = new Guid("01234567-89ab-4def-8123-456789abcdef");
        Assert.Equal(given, Uuid(_manifest with { Image = _manifest.Image with { Uuid = given } }));
        File.AppendAllText(_directory["ctl"], "x");
        Guid second = Uuid(_manifest);
        Assert.NotEqual(first, second);
        File.AppendAllText(_directory["init"], "x");
        Assert.NotEqual(second, Uuid(_manifest));
    }

    [Fact]
    public void A_build_that_fails_leaves_the_artefacts_of_the_last_one()
    {
        Build(_manifest, _directory["out"]);
        byte[] before = File.ReadAllBytes(_directory["out/image.json"]);
        Assert.Throws<BuildException>(() => Build(
            _manifest with { Kernel = _manifest.Kernel with { Modules = ["no_such_module"] } }, _directory["out"]));
        Assert.Equal(before, File.ReadAllBytes(_directory["out/image.json"]));
        Assert.Equal(
            ["disk.img", "image.json", "initramfs.cpio.zst", "linux.efi", "rootfs.img", "secure-boot"],
            Directory.GetFileSystemEntries(_directory["out"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Inspect_knows_every_artefact_by_its_content()
    {
        ImageSummary summary = Build(_manifest, _directory["out"]);
        string Inspect(string name)
        {
            File.Copy(_directory[$"out/{name}"], _directory["unnamed"], overwrite: true);
            var output = new StringWriter();
            Inspector.Inspect(_directory["unnamed"], Tools.Tree, output, _log);
            return output.ToString();
        }

        string uki = Inspect("linux.efi");
        Assert.Contains("signature 1:     for this content", uki, StringComparison.Ordinal);
        Assert.Contains($"root hash:       sha256 {summary.Roothash}", uki, StringComparison.Ordinal);
        Assert.Contains("always loaded:", Inspect("initramfs.cpio.zst"), StringComparison.Ordinal);
        Assert.Contains(summary.Roothash, Inspect("rootfs.img"), StringComparison.Ordinal);
        string disk = Inspect("disk.img");
        Assert.Contains("4 root-a", disk, StringComparison.Ordinal);
        Assert.Contains("kernel file:     C:BOOT1:linux.efi", disk, StringComparison.Ordinal);
        Assert.Contains(summary.Roothash, disk, StringComparison.Ordinal);
        Assert.Contains(summary.ImageUuid.ToString(), Inspect("image.json"), StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_sees_a_UKI_that_was_changed_after_it_was_signed()
    {
        Build(_manifest, _directory["out"]);
        byte[] uki = File.ReadAllBytes(_directory["out/linux.efi"]);
        int at = uki.AsSpan().IndexOf(Encoding.ASCII.GetBytes("panic=5"));
        uki[at + 6] = (byte)'9';
        File.WriteAllBytes(_directory["changed"], uki);
        var output = new StringWriter();
        Inspector.Inspect(_directory["changed"], Tools.Tree, output, _log);
        Assert.Contains("NOT for this content", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_keeps_parts_apart()
    {
        Assert.NotEqual(ImageIdentity.Derive([[1], [2, 3]]), ImageIdentity.Derive([[1, 2], [3]]));
        Assert.Equal(ImageIdentity.Derive([[1], [2, 3]]), ImageIdentity.Derive([[1], [2, 3]]));
    }

    private ImageSummary Build(ImageManifest manifest, string directory) => ImageBuilder.Build(manifest, directory, _log, _directory["init"], _directory["ctl"]);
}
