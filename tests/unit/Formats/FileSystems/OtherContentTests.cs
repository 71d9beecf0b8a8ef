using System;
using System.IO;
using InitRuntime.Formats;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.FileSystems;

public sealed class OtherContentTests
{
    [Theory]
    [InlineData("vfat", "mkfs.vfat", "-F", "12")]
    [InlineData("vfat", "mkfs.vfat", "-F", "16")]
    [InlineData("vfat", "mkfs.vfat", "-F", "32")]
    [InlineData("swap", "mkswap", "-q")]
    [InlineData("swap", "mkswap", "-q", "--pagesize", "16384")]
    [InlineData("swap", "mkswap", "-q", "--pagesize", "65536")]
    [InlineData("GPT partition table", "sgdisk", "--clear")]
    [InlineData("GPT partition table", "sgdisk", "--new=1:2048:4095")]
    public void What_its_tool_made_is_named(string expected, string tool, params string[] options)
    {
        using FileSystemImage image = FileSystemImage.Made(40, tool, options);
        AssertOther(expected, image.Start());
    }

    [Theory]
    [InlineData("luks1")]
    [InlineData("luks2")]
    public void A_luks_volume_is_named(string version)
    {
        using FileSystemImage image = FileSystemImage.Made(
            20, "cryptsetup", "luksFormat", "--batch-mode", "--type", version, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
            "--key-file", "/proc/self/comm");
        AssertOther("LUKS", image.Start());
        if (version == "luks2")
        {
            // Its second header is left, as after a slip of dd.
            byte[] start = image.Start();
            start.AsSpan(0, 4096).Clear();
            AssertOther("LUKS", start);
        }
    }

    [Fact]
    public void A_verity_tree_is_named()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["data"], new byte[8192]);
        Tools.Run("veritysetup", "format", directory["data"], directory["hash"]);
        AssertOther("verity", File.ReadAllBytes(directory["hash"]));
    }

    [Fact]
    public void Images_of_read_only_file_systems_are_named()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["files"]);
        Tools.Run("mkfs.erofs", directory["erofs"], directory["files"]);
        AssertOther("erofs", File.ReadAllBytes(directory["erofs"]));
        Tools.Run("mksquashfs", directory["files"], directory["squashfs"], "-quiet");
        AssertOther("squashfs", File.ReadAllBytes(directory["squashfs"]));
    }

    [Fact]
    public void An_mbr_partition_table_is_named_and_a_bare_boot_signature_is_not()
    {
        byte[] start = new byte[4096];
        start[510] = 0x55;
        start[511] = 0xaa;
        AssertOther(null, start);
        start[446 + 16 + 4] = 0x83;
        AssertOther("MBR partition table", start);
        start[446 + 32] = 0x7f;
        AssertOther(null, start);
    }

    /// <summary>What the tools tree has no tool for, or none that works without a block device.</summary>
    [Theory]
    [InlineData("f2fs", 1024, "1020f5f2")]
    [InlineData("ntfs", 0, "eb52904e54465320202020")]
    [InlineData("exfat", 0, "eb76904558464154202020")]
    [InlineData("BitLocker", 0, "eb58902d4656452d46532d")]
    [InlineData("bcachefs", 4120, "c68573f666ce90a9d96a60cf803df7ef")]
    [InlineData("bcache", 4120, "c68573f64e1a45ca8265f57f48ba6d81")]
    [InlineData("md raid", 0, "fc4e2ba901000000")]
    [InlineData("md raid", 4096, "fc4e2ba901000000")]
    [InlineData("LVM2 physical volume", 512, "4c4142454c4f4e4501000000000000000000000020000000 4c564d3220303031")]
    [InlineData("iso9660", 32768, "014344303031")]
    [InlineData("swap", 4086, "53315355535045 4e4400")]
    [InlineData("GPT partition table", 4096, "4546492050415254")]
    public void Each_magic_is_known_in_its_place_and_in_no_other(string expected, int offset, string magic)
    {
        byte[] bytes = Convert.FromHexString(magic.Replace(" ", "", StringComparison.Ordinal));
        byte[] start = new byte[FileSystemSuperblock.RequiredLength];
        bytes.CopyTo(start, offset);
        AssertOther(expected, start);
        start.AsSpan().Clear();
        bytes.CopyTo(start, offset + 2);
        AssertOther(null, start);
    }

    [Fact]
    public void Zeros_are_blank_and_one_bit_is_not()
    {
        byte[] start = new byte[FileSystemSuperblock.RequiredLength];
        Assert.True(FileSystemSuperblock.IsBlank(start));
        Assert.True(FileSystemSuperblock.IsBlank([]));
        start[^1] = 1;
        Assert.False(FileSystemSuperblock.IsBlank(start));
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown()
    {
        byte[] start = new byte[8192];
        start[510] = 0x55;
        start[511] = 0xaa;
        start[446 + 4] = 0x83;
        Hostile.EveryPrefixAndEveryDamagedByte(start, bytes => FileSystemSuperblock.TryNameOther(bytes) is not null);
    }

    private static void AssertOther(string? expected, byte[] start)
    {
        Assert.Equal(expected, FileSystemSuperblock.TryNameOther(start));
        Assert.False(FileSystemSuperblock.TryFind(start, out _, out ParseError error));
        Assert.Equal(default, error);
    }
}
