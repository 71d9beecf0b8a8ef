using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Inspect;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Mkinitramfs.Update;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using InitRuntime.Unit.Mkinitramfs.Rootfs;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Update;

/// <summary>Debian's swupdate judges what the build makes; in check mode it does all but write.</summary>
public sealed class UpdateFileTests : IDisposable
{
    private static readonly Guid _image = new("11112222-3333-4444-8555-666677778888");
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);

    private readonly TemporaryDirectory _directory = new();
    private readonly ImageManifest _manifest;

    public UpdateFileTests()
    {
        DevelopmentKeys.Make(_directory["keys"]);
        _manifest = Manifests.Small(keys: _directory["keys"]) with
        {
            Image = new ImageSection("te\"st\\", "1.2.0", null),
            Update = new UpdateSection(Make: true, "board", "1", ["1", "#RE:^3[.].*$"], AllowOlder: false, Restart: false, Encrypt: false, DeltaUrl: null),
            Signing = Manifests.Small(keys: _directory["keys"]).Signing with { UpdateCertificate = _directory["keys/update.crt"], UpdateKey = _directory["keys/update.key"] },
        };
        File.WriteAllBytes(_directory["rootfs.img"], Enumerable.Range(0, 300_000).Select(i => (byte)((i >> 8) & 0xff)).ToArray());
        File.WriteAllText(_directory["linux.efi"], "kernel");
        Make();
        Directory.CreateDirectory(_directory["slots"]);
        Slot("root-b", "BOOT1");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void It_is_a_cpio_archive_that_OpenSSL_finds_signed_and_the_same_at_each_build()
    {
        byte[] first = File.ReadAllBytes(_directory["update.swu"]);
        Make();
        Assert.Equal(first, File.ReadAllBytes(_directory["update.swu"]));
        Tools.Run("sh", "-c", "cd \"$0\" && cpio -i --quiet --only-verify-crc <update.swu && cpio -i --quiet <update.swu", _directory.Path);
        Assert.Equal(
            "sw-description\nsw-description.sig\nrootfs.img.zst\nlinux.efi\n", Tools.Run("sh", "-c", "cpio -it --quiet <\"$0\"", _directory["update.swu"]));
        string documented = File.ReadLines(Path.Combine(Repository.Root, "docs/updates.md")).Single(line => line.StartsWith("openssl cms -verify ", StringComparison.Ordinal));
        Tools.Run("sh", "-euc", $"cd \"$0\"; cp keys/update.crt update.crt; {documented}", _directory.Path);
        Tools.Run("zstd", "-q", "-f", "-d", _directory["rootfs.img.zst"], "-o", _directory["unpacked"]);
        Assert.Equal(File.ReadAllBytes(_directory["rootfs.img"]), File.ReadAllBytes(_directory["unpacked"]));
    }

    [Theory]
    [InlineData("root-b", "BOOT1")]
    [InlineData("root-a", "BOOT0")]
    public void It_goes_to_the_slot_that_may_be_written(string root, string boot)
    {
        Slot(root, boot);
        (int code, string said) = Check("--hwrevision", "board:1");
        Assert.True(code == 0, said);
        Assert.Contains($"Found File: linux.efi --> /linux.efi (/run/initruntime/update/{boot})", said, StringComparison.Ordinal);
        Assert.Contains($"in device : /run/initruntime/update/{root} for handler raw (installed from stream)", said, StringComparison.Ordinal);
        Assert.Contains($"Bootloader var: kernelfile = C:{boot}:linux.efi", said, StringComparison.Ordinal);
        Assert.Equal(0, Check("--hwrevision", "board:3.7").ExitCode);
    }

    [Fact]
    public void It_is_refused_where_it_does_not_belong()
    {
        AssertRefused("SW not compatible with hardware", "--hwrevision", "board:2");
        AssertRefused("No downgrading allowed", "--hwrevision", "board:1", "--no-downgrading", "1.3.0");
        File.WriteAllText(_directory["os-release"], $"ID=debian\nIMAGE_UUID=\"{_image}\"\n");
        AssertRefused($"update refused: image {_image} is the one that runs", "--hwrevision", "board:1");
        File.WriteAllText(_directory["os-release"], "ID=debian\nIMAGE_UUID=another\n");
        Slot();
        AssertRefused("update refused: no slot may be written now", "--hwrevision", "board:1");
        Slot("root-b", "BOOT0");
        AssertRefused("update refused: no slot may be written now", "--hwrevision", "board:1");
    }

    [Fact]
    public void Who_is_not_trusted_cannot_make_one()
    {
        DevelopmentKeys.Make(_directory["other"]);
        AssertRefusedBy(_directory["other/update.crt"]);
        byte[] bytes = File.ReadAllBytes(_directory["update.swu"]);
        int version = bytes.AsSpan().IndexOf("version = \"1.2.0\""u8);
        bytes[version + 11]++;
        // The check sum of the archive is no protection: it is right again.
        Repack(bytes);
        AssertRefusedBy(_directory["keys/update.crt"]);
    }

    [Fact]
    public void By_chunks_it_has_the_lists_and_what_is_published_has_the_rest()
    {
        // Content that cannot be compressed, of many chunks.
        byte[] content = new byte[1 << 20];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_directory["rootfs.img"], content);
        DeltaUpdate.Write(
            _directory.Path, "https://example.com/gateway", _manifest, _image, _directory["rootfs.img"], _directory["linux.efi"], Tools.Tree, _log);
        Assert.Equal([$"delta/{_image}/linux.zck", $"delta/{_image}/rootfs.zck"], DeltaUpdate.Published(_directory.Path));
        Tools.Run("sh", "-c", "cd \"$0\" && mkdir out && cd out && cpio -i --quiet <../update-delta.swu", _directory.Path);
        foreach ((string name, string file) in new[] { ("rootfs", "rootfs.img"), ("linux", "linux.efi") })
        {
            string published = _directory[$"delta/{_image}/{name}.zck"];
            Tools.Run("sh", "-c", "cd \"$0/out\" && unzck \"$1\" && cmp \"$2\" ../\"$3\"", _directory.Path, published, name, file);
            byte[] header = File.ReadAllBytes(_directory[$"out/{name}.zck-header"]);
            Assert.Equal(header, File.ReadAllBytes(published)[..header.Length]);
        }

        (int code, string said) = Run("update-delta.swu", ["--key", _directory["keys/update.crt"], "--hwrevision", "board:1"]);
        Assert.True(code == 0, said);
        Assert.Contains("in device : /run/initruntime/update/root-b for handler delta", said, StringComparison.Ordinal);

        // What a device downloads that has half of it.
        Directory.CreateDirectory(_directory["old"]);
        content.AsSpan(..(content.Length / 2)).Clear();
        File.WriteAllBytes(_directory["old/rootfs.img"], content);
        ChunkedFile old = ChunkedFile.Cut(_directory["old/rootfs.img"], _directory["old.zck"], Tools.Tree, _log);
        ChunkedFile next = ChunkedFile.Read(_directory[$"delta/{_image}/rootfs.zck"], Tools.Tree);
        (long length, int requests) = next.MissingFrom(old);
        Assert.InRange(length, content.Length / 2, (content.Length / 2) + (128 << 10));
        Assert.Equal(1, requests);
        Assert.Equal((0L, 0), next.MissingFrom(next));
    }

    [Theory]
    [InlineData("root-b", "BOOT1")]
    [InlineData("root-a", "BOOT0")]
    public void With_systemd_boot_a_script_at_the_end_installs_the_kernel(string root, string boot)
    {
        ImageManifest manifest = _manifest with { Boot = _manifest.Boot with { Loader = "systemd-boot" } };
        UpdateFile.Write(_directory["update.swu"], manifest, _image, _directory["rootfs.img"], _directory["linux.efi"], Tools.Tree, _log);
        Slot(root, boot);
        (int code, string said) = Check("--hwrevision", "board:1");
        Assert.True(code == 0, said);
        Assert.Contains($"Found File: linux.efi --> /EFI/Linux/initruntime.new (/run/initruntime/update/{boot})", said, StringComparison.Ordinal);
        Assert.Contains("Found Script: install-kernel", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Bootloader var", said, StringComparison.Ordinal);

        // The script goes by the same links.
        Tools.Run("sh", "-c", "cd \"$0\" && cpio -i --quiet <update.swu && sed -i \"s,/run/initruntime/update,$0/slots,;s,exec /usr/bin/initruntime-ctl,exec echo,\" install-kernel", _directory.Path);
        Assert.Equal($"install-kernel {root}\n", Tools.Run("sh", _directory["install-kernel"]));

        SmallRoot.Make(_directory);
        using TarArchive archive = TarArchive.Open(_directory["root.tar"]);
        string configuration = Encoding.UTF8.GetString(UpdateClient.Make(manifest, archive).Single(file => file.Path.EndsWith("swupdate.cfg", StringComparison.Ordinal)).Content);
        Assert.Contains("bootloader = \"none\";", configuration, StringComparison.Ordinal);
        Assert.Contains("initruntime-ctl prepare-update --retire\";", configuration, StringComparison.Ordinal);
    }

    [Fact]
    public void Encrypted_it_is_what_OpenSSL_and_who_has_the_key_can_read()
    {
        string key = _directory["keys/update.aes"];
        ImageManifest manifest = _manifest with
        {
            Update = _manifest.Update with { Encrypt = true },
            Signing = _manifest.Signing with { UpdateEncryptionKey = key },
        };
        void Encrypt() => UpdateFile.Write(
            _directory["update.swu"], manifest, _image, _directory["rootfs.img"], _directory["linux.efi"], Tools.Tree, _log);
        Encrypt();
        byte[] first = File.ReadAllBytes(_directory["update.swu"]);
        Encrypt();
        Assert.Equal(first, File.ReadAllBytes(_directory["update.swu"]));
        Assert.Equal(-1, first.AsSpan().IndexOf("kernel\0"u8));
        Tools.Run("sh", "-c", "cd \"$0\" && cpio -i --quiet <update.swu", _directory.Path);
        foreach ((string member, string plain) in new[] { ("linux.efi.enc", "linux.efi"), ("rootfs.img.zst.enc", "rootfs.img") })
        {
            // Each has a vector of its own, which is in the description.
            string description = File.ReadAllText(_directory["sw-description"]);
            string vector = description[description.IndexOf(member, StringComparison.Ordinal)..].Split("ivt = \"")[1][..32];
            Tools.Run(
                "openssl", "enc", "-d", "-aes-256-cbc", "-K", File.ReadAllText(key)[..64], "-iv", vector, "-in", _directory[member], "-out", _directory["plain"]);
            if (member.Contains(".zst", StringComparison.Ordinal))
            {
                Tools.Run("sh", "-c", "zstd -q -d -f <\"$0\" >\"$0.x\" && mv \"$0.x\" \"$0\"", _directory["plain"]);
            }

            Assert.Equal(File.ReadAllBytes(_directory[plain]), File.ReadAllBytes(_directory["plain"]));
        }

        (int code, string said) = Check("--hwrevision", "board:1", "--key-aes", key);
        Assert.True(code == 0, said);
        SmallRoot.Make(_directory);
        using TarArchive root = TarArchive.Open(_directory["root.tar"]);
        AddedFile onDevice = UpdateClient.Make(manifest, root).Single(file => file.Path == "usr/lib/initruntime/update.aes");
        Assert.Equal((File.ReadAllText(key), true), (Encoding.UTF8.GetString(onDevice.Content), onDevice.IsSecret));
        File.WriteAllText(key, "no key");
        Assert.Contains("not a key of 64 hex digits", Assert.Throws<BuildException>(Encrypt).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_says_whether_each_file_is_the_one_that_is_described()
    {
        Assert.Contains("  linux.efi: as described", Inspected(), StringComparison.Ordinal);
        Assert.Contains("  rootfs.img.zst: as described", Inspected(), StringComparison.Ordinal);
        Assert.Contains("by CN=\"InitRuntime update - DEVELOPMENT ONLY, do not ship\" (certificate sha256 ", Inspected(), StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(_directory["update.swu"]);
        bytes[bytes.AsSpan().LastIndexOf("kernel"u8)]++;
        Repack(bytes);
        Assert.Contains("  linux.efi: NOT as described; SWUpdate refuses it", Inspected(), StringComparison.Ordinal);
        int version = bytes.AsSpan().IndexOf("version = \"1.2.0\""u8);
        bytes[version + 11]++;
        Repack(bytes);
        Assert.Contains("signature:       NOT for this description; SWUpdate refuses it", Inspected(), StringComparison.Ordinal);
        bytes[version + 11]--;
        Repack(bytes);
        Assert.Contains("  rootfs.img.zst: as described", Inspected(), StringComparison.Ordinal);
    }

    private string Inspected()
    {
        using var output = new StringWriter();
        Inspector.Inspect(_directory["update.swu"], Tools.Tree, output, _log);
        return output.ToString();
    }

    [Fact]
    public void A_command_signs_as_a_key_does()
    {
        byte[] byKey = File.ReadAllBytes(_directory["update.swu"]);
        const string Script = "printf %s \"$2\" | tr a-f A-F | basenc --base16 -d | openssl pkeyutl -sign -inkey \"$1\" -pkeyopt digest:sha256";
        HostCommand command = Tools.Tree.Command("sh", "-c", Script, "sign", _directory["keys/update.key"]);
        Make(_manifest.Signing with { UpdateKey = null, UpdateCommand = [command.Program, .. command.Arguments] });
        Assert.Equal(byKey, File.ReadAllBytes(_directory["update.swu"]));
        Assert.Equal(
            "neither a key nor a command signs updates", Assert.Throws<BuildException>(() => Make(_manifest.Signing with { UpdateKey = null })).Message);
    }

    [Fact]
    public void The_root_gets_what_makes_swupdate_take_these_files_and_no_others()
    {
        SmallRoot.Make(_directory);
        using TarArchive root = TarArchive.Open(_directory["root.tar"]);
        Dictionary<string, string> files = UpdateClient.Make(_manifest, root).ToDictionary(file => file.Path, file => Encoding.UTF8.GetString(file.Content));
        Assert.Equal("board 1\n", files["etc/hwrevision"]);
        Assert.Equal(File.ReadAllText(_directory["keys/update.crt"]), files["usr/lib/initruntime/update.crt"]);
        string configuration = files["usr/lib/initruntime/swupdate.cfg"];
        Assert.Contains("no-downgrading = \"1.2.0\";", configuration, StringComparison.Ordinal);
        Assert.Contains("preupdatecmd = \"/usr/bin/initruntime-ctl prepare-update\";", configuration, StringComparison.Ordinal);

        // swupdate reads it: the certificate it names is the one that it judges by.
        File.WriteAllText(_directory["swupdate.cfg"], configuration
            .Replace("/usr/lib/initruntime/update.crt", _directory["keys/update.crt"], StringComparison.Ordinal)
            .Replace("bootloader = \"ebg\";", "", StringComparison.Ordinal));
        (int code, string said) = Run(["--file", _directory["swupdate.cfg"], "--hwrevision", "board:1"]);
        Assert.True(code == 0, said);
    }

    private void Make(SigningSection? signing = null) => UpdateFile.Write(
        _directory["update.swu"], _manifest with { Signing = signing ?? _manifest.Signing }, _image, _directory["rootfs.img"], _directory["linux.efi"], Tools.Tree, _log);

    /// <summary>The links that the device has.</summary>
    private void Slot(params string[] names)
    {
        foreach (string file in Directory.GetFiles(_directory["slots"]))
        {
            File.Delete(file);
        }

        foreach (string name in names)
        {
            File.WriteAllText(Path.Combine(_directory["slots"], name), "");
        }
    }

    private void AssertRefused(string reason, params string[] options)
    {
        (int code, string said) = Check(options);
        Assert.NotEqual(0, code);
        Assert.Contains(reason, said, StringComparison.Ordinal);
    }

    private void AssertRefusedBy(string certificate)
    {
        (int code, string said) = Run(["--key", certificate, "--hwrevision", "board:1"]);
        Assert.NotEqual(0, code);
        Assert.Contains("verification failed", said, StringComparison.OrdinalIgnoreCase);
    }

    private (int ExitCode, string Said) Check(params string[] options) => Run(["--key", _directory["keys/update.crt"], .. options]);

    private (int ExitCode, string Said) Run(IReadOnlyList<string> options) => Run("update.swu", options);

    private (int ExitCode, string Said) Run(string file, IReadOnlyList<string> options)
    {
        string osRelease = File.Exists(_directory["os-release"]) ? _directory["os-release"] : "/dev/null";
        HostCommand swupdate = Tools.Tree.Command("swupdate", ["--check", "--loglevel", "5", .. options, "--image", _directory[file]]);
        // The tree's own view, with the device's links and its os-release laid over it.
        int end = swupdate.Arguments.ToList().IndexOf("--");
        (int code, byte[] output, string errors) = new HostCommand(swupdate.Program,
            [
                .. swupdate.Arguments.Take(end), "--tmpfs", "/run", "--bind", _directory["slots"], "/run/initruntime/update",
                "--ro-bind", osRelease, "/etc/os-release", .. swupdate.Arguments.Skip(end),
            ]).TryRun(_log);
        return (code, Encoding.UTF8.GetString(output) + errors);
    }

    private void Repack(byte[] bytes)
    {
        File.WriteAllBytes(_directory["update.swu"], bytes);
        Tools.Run("sh", "-c", "cd \"$0\" && rm -rf new && mkdir new && cd new && cpio -i --quiet <../update.swu 2>/dev/null; printf 'sw-description\\nsw-description.sig\\nrootfs.img.zst\\nlinux.efi\\n' | cpio -o --quiet -H crc >../update.swu", _directory.Path);
    }
}
