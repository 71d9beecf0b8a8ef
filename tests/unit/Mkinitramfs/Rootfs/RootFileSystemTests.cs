using System;
using System.IO;
using System.Text;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class RootFileSystemTests
{
    private static readonly Guid _uuid = new("01234567-89ab-8def-8123-456789abcdef");
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);

    [Theory]
    [InlineData("erofs", "lz4hc,12")]
    [InlineData("erofs", "zstd,3")]
    [InlineData("erofs", "none")]
    [InlineData("squashfs", "zstd")]
    [InlineData("squashfs", "zstd,3")]
    [InlineData("squashfs", "lz4hc")]
    [InlineData("squashfs", "none")]
    public void The_same_archive_gives_the_same_file_system_and_the_real_tool_reads_it(string fileSystem, string compression)
    {
        using var directory = new TemporaryDirectory();
        RootfsSection rootfs = Manifests.Small().Rootfs with { FileSystem = fileSystem, Compression = compression };
        string tar = SmallRoot.Make(directory);
        long length = RootFileSystem.Write(rootfs, tar, directory["1.img"], _uuid, 4096, Tools.Tree, _log);
        RootFileSystem.Write(rootfs, tar, directory["2.img"], _uuid, 4096, Tools.Tree, _log);
        Assert.Equal(File.ReadAllBytes(directory["1.img"]), File.ReadAllBytes(directory["2.img"]));
        Assert.Equal(0, length % 4096);
        Assert.Equal(length, new FileInfo(directory["1.img"]).Length);
        if (fileSystem == "erofs")
        {
            Tools.Run("fsck.erofs", $"--extract={directory["x"]}", directory["1.img"]);
            Assert.Contains(_uuid.ToString(), Tools.Run("dump.erofs", "-s", directory["1.img"]), StringComparison.OrdinalIgnoreCase);
        }
        else
        {
            Tools.Run("unsquashfs", "-q", "-n", "-d", directory["x"], directory["1.img"]);
        }

        Assert.Equal("test\n", File.ReadAllText(directory["x/etc/hostname"]));
        Assert.Equal(new byte[100_000], File.ReadAllBytes(directory["x/usr/bin/program"]));
    }

    [Theory]
    [InlineData("sha256", 4096, 0)]
    [InlineData("sha512", 1024, 0)]
    [InlineData("sha256", 4096, 2)]
    [InlineData("sha256", 1024, 24)]
    public void Veritysetup_verifies_the_tree_and_only_error_correction_makes_up_for_a_changed_block(string algorithm, int blockSize, int fecRoots)
    {
        using var directory = new TemporaryDirectory();
        string image = directory["root.img"];
        byte[] data = new byte[200 * 4096];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = (byte)(i / 7 % 256);
        }

        File.WriteAllBytes(image, data);
        VeritySection section = Manifests.Small().Verity with
        {
            Algorithm = algorithm,
            DataBlockSize = blockSize,
            HashBlockSize = blockSize,
            FecRoots = fecRoots,
        };
        VeritySettings settings = VerityImage.Append(section, _uuid, image, Tools.Tree, _log);
        Assert.Equal(data.Length, settings.HashOffset);
        string[] verify = ["verify", image, image, settings.RootHash, $"--hash-offset={settings.HashOffset}"];
        Tools.Run("veritysetup", verify);
        Assert.Equal(fecRoots > 0, settings.Fec is not null);
        using (FileStream stream = File.OpenWrite(image))
        {
            stream.Position = 5000;
            stream.WriteByte(0xff);
        }

        Assert.Throws<BuildException>(() => Tools.Run("veritysetup", verify));
        if (settings.Fec is { } fec)
        {
            Assert.Equal((data.Length + TreeBytes(settings, fec)) / blockSize, fec.Blocks);
            Tools.Run("veritysetup", [.. verify, $"--fec-device={image}", $"--fec-offset={fec.Offset}", $"--fec-roots={fec.Roots}"]);
        }
    }

    [Fact]
    public void OpenSSL_verifies_the_signature_of_the_root_hash()
    {
        using var directory = new TemporaryDirectory();
        Tools.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=root hash", "-days", "3650", "-keyout", directory["k"], "-out", directory["c"]);
        string rootHash = new('a', 64);
        byte[] signature = VerityImage.SignRootHash(rootHash, directory["k"], directory["c"], Tools.Tree, _log);
        Assert.Equal(signature, VerityImage.SignRootHash(rootHash, directory["k"], directory["c"], Tools.Tree, _log));
        File.WriteAllBytes(directory["s"], signature);
        File.WriteAllBytes(directory["h"], Encoding.ASCII.GetBytes(rootHash));
        string[] verify = ["smime", "-verify", "-binary", "-inform", "DER", "-in", directory["s"], "-content", directory["h"], "-certfile", directory["c"], "-noverify", "-out", "/dev/null"];
        Tools.Run("openssl", verify);
        File.WriteAllText(directory["h"], new string('b', 64));
        Assert.Throws<BuildException>(() => Tools.Run("openssl", verify));
    }

    /// <summary>From the tree's begin (the block behind the superblock) to the parity.</summary>
    private static long TreeBytes(VeritySettings settings, ForwardErrorCorrection fec) => fec.Offset - settings.HashOffset - settings.HashBlockSize;
}
