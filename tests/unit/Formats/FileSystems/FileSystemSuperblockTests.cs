using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.FileSystems;

public sealed class FileSystemSuperblockTests
{
    private const int Ext = 1024;
    private const int Btrfs = 65536;

    [Theory]
    [InlineData("ext4", 4096, "mkfs.ext4", "-b", "4096")]
    [InlineData("ext4", 1024, "mkfs.ext4", "-b", "1024")]
    [InlineData("ext4", 4096, "mkfs.ext4", "-b", "4096", "-O", "^metadata_csum,^metadata_csum_seed,^orphan_file")]
    [InlineData("ext4", 4096, "mkfs.ext4", "-b", "4096", "-O", "^64bit")]
    [InlineData("ext4", 2048, "mkfs.ext4", "-b", "2048", "-O", "64bit,bigalloc")]
    [InlineData("ext4", 4096, "mkfs.ext4", "-b", "4096", "-O", "^has_journal,^orphan_file")]
    [InlineData("ext3", 1024, "mkfs.ext3", "-b", "1024")]
    [InlineData("ext2", 1024, "mkfs.ext2", "-b", "1024")]
    [InlineData("ext2", 4096, "mkfs.ext2", "-b", "4096", "-E", "revision=0")]
    public void What_mke2fs_makes_is_read_as_blkid_and_dumpe2fs_read_it(string type, int blockSize, string tool, params string[] options)
    {
        using FileSystemImage image = FileSystemImage.Ext(tool, options);
        AssertAsBlkid(image, type);
        FileSystemSuperblock found = image.Find();
        Assert.Equal(blockSize, found.BlockSize);
        Assert.Equal(image.Shown("Block size", "dumpe2fs", "-h"), found.BlockSize);
        Assert.Equal(image.Shown("Block count", "dumpe2fs", "-h") * blockSize, found.LengthInBytes);
    }

    [Theory]
    [InlineData("-f")]
    [InlineData("-b", "size=1024")]
    [InlineData("-s", "size=4096")]
    [InlineData("-m", "crc=0")]
    public void What_mkfs_xfs_makes_is_read_as_blkid_and_xfs_db_read_it(params string[] options)
    {
        using FileSystemImage image = FileSystemImage.Xfs(options);
        AssertAsBlkid(image, "xfs");
        FileSystemSuperblock found = image.Find();
        Assert.Equal(image.Shown("blocksize", "xfs_db", "-r", "-c", "sb 0", "-c", "p blocksize"), found.BlockSize);
        long blocks = image.Shown("dblocks", "xfs_db", "-r", "-c", "sb 0", "-c", "p dblocks");
        Assert.Equal(blocks * found.BlockSize, found.LengthInBytes);
        Assert.Equal(300L << 20, found.LengthInBytes);
    }

    [Theory]
    [InlineData("crc32c", "-f")]
    [InlineData("crc32c", "-b", "120M")]
    [InlineData("xxhash64", "--csum", "xxhash")]
    [InlineData("sha256", "--csum", "sha256")]
    [InlineData("blake2b-256", "--csum", "blake2")]
    public void What_mkfs_btrfs_makes_is_read_as_blkid_and_dump_super_read_it(string checksum, params string[] options)
    {
        using FileSystemImage image = FileSystemImage.Btrfs(options);
        AssertAsBlkid(image, "btrfs");
        FileSystemSuperblock found = image.Find();
        Assert.Equal(image.Shown("sectorsize", "btrfs", "inspect-internal", "dump-super"), found.BlockSize);
        Assert.Equal(image.Shown("dev_item.total_bytes", "btrfs", "inspect-internal", "dump-super"), found.LengthInBytes);
        Assert.Equal(checksum, found.Checksum);
    }

    [Fact]
    public void After_resize2fs_the_length_is_the_smaller_one()
    {
        using FileSystemImage image = FileSystemImage.Ext("mkfs.ext4", "-b", "4096").RunTo("resize2fs", "40M");
        Assert.Equal(40L << 20, image.Find().LengthInBytes);
        Assert.Equal(image.Shown("Block count", "dumpe2fs", "-h") * 4096, image.Find().LengthInBytes);
    }

    [Theory]
    [InlineData("no label", "-L", "")]
    [InlineData("sixteen bytes", "-L", "sixteen-bytes-16")]
    [InlineData("UTF-8", "-L", "zust\u00e4nde")]
    public void Labels_are_read_as_they_were_given(string what, string option, string label)
    {
        using FileSystemImage image = FileSystemImage.Ext("mkfs.ext4", option, label);
        Assert.Equal((what, label), (what, image.Find().Label));
    }

    [Theory]
    [InlineData("mkfs.ext4", "state 0", true)]
    [InlineData("mkfs.ext4", "state 3", true)]
    [InlineData("mkfs.ext2", "state 0", true)]
    [InlineData("mkfs.ext4", "state 1", false)]
    public void An_error_or_an_ext2_that_was_not_unmounted_needs_a_check(string tool, string state, bool expected)
    {
        using FileSystemImage image = FileSystemImage.Ext(tool).Run("debugfs", "-w", "-R", $"set_super_value {state}");
        Assert.Equal(expected, image.Find().NeedsCheck);
    }

    [Fact]
    public void An_xfs_that_xfs_repair_is_wanted_for_needs_a_check()
    {
        using FileSystemImage image = FileSystemImage.Xfs();
        Assert.False(image.Find().NeedsCheck);
        byte[] start = image.Start();
        start[219] |= 0x10;
        Assert.True(FileSystemSuperblock.TryFind(WithRightXfsSum(start), out FileSystemSuperblock? found, out _));
        Assert.True(found.NeedsCheck);
    }

    [Fact]
    public void A_btrfs_with_an_error_or_half_a_change_needs_a_check()
    {
        using FileSystemImage image = FileSystemImage.Btrfs();
        Assert.False(image.Find().NeedsCheck);
        foreach (int bit in (int[])[2, 35, 36])
        {
            byte[] start = image.Start();
            start[Btrfs + 56 + (bit / 8)] |= (byte)(1 << (bit % 8));
            Assert.True(FileSystemSuperblock.TryFind(WithRightBtrfsSum(start), out FileSystemSuperblock? found, out _));
            Assert.True(found.NeedsCheck);
        }
    }

    [Fact]
    public void Another_journal_is_no_file_system()
    {
        using FileSystemImage image = FileSystemImage.Made(16, "mke2fs", "-q", "-O", "journal_dev");
        Assert.Equal("ext4: the journal of another device's file system", ErrorOf(image.Start()));
    }

    [Fact]
    public void Two_file_systems_at_once_are_none()
    {
        using FileSystemImage ext = FileSystemImage.Ext("mkfs.ext4");
        using FileSystemImage xfs = FileSystemImage.Xfs();
        using FileSystemImage btrfs = FileSystemImage.Btrfs();
        byte[] both = btrfs.Start();
        ext.Start().AsSpan(Ext, 1024).CopyTo(both.AsSpan(Ext));
        Assert.Equal("holds ext4 and btrfs at once", ErrorOf(both));
        xfs.Start().AsSpan(0, 512).CopyTo(both);
        Assert.Equal("holds ext4 and xfs and btrfs at once", ErrorOf(both));
        both.AsSpan(Ext, 1024).Clear();
        Assert.Equal("holds xfs and btrfs at once", ErrorOf(both));
    }

    [Theory]
    [InlineData(24, 7u, "ext4: blocks of 1024 bytes times 2 to the power of 7")]
    [InlineData(24, uint.MaxValue, "ext4: blocks of 1024 bytes times 2 to the power of 4294967295")]
    [InlineData(4, 0u, "ext4: 0 blocks of 1024 bytes, the first one is 1")]
    [InlineData(0x150, uint.MaxValue, "ext4: 18446744069414649856 blocks of 1024 bytes, the first one is 1")]
    [InlineData(20, 2u, "ext4: 65536 blocks of 1024 bytes, the first one is 2")]
    [InlineData(32, 0u, "ext4: groups of 0 blocks and 2048 inodes")]
    [InlineData(40, 0u, "ext4: groups of 8192 blocks and 0 inodes")]
    [InlineData(0x174, 0x0200u, "ext4: checksum type 2, only 1 is known")]
    public void Each_field_of_ext4_that_is_wrong_is_named(int offset, uint value, string expected)
    {
        using FileSystemImage image = FileSystemImage.Ext("mkfs.ext4", "-b", "1024");
        byte[] start = image.Start();
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(Ext + offset), value);
        Assert.StartsWith("ext4: ", ErrorOf(start));
        Assert.Equal(expected, ErrorOf(WithRightExtSum(start)));
    }

    [Theory]
    [InlineData(100, 0xb4a60200u, "xfs: version 6, only 4 and 5 are known")]
    [InlineData(100, 0xb4a50100u, "xfs: sectors of 256 bytes")]
    [InlineData(100, 0xb4a50201u, "xfs: sectors of 513 bytes")]
    [InlineData(4, 0u, "xfs: blocks of 0 bytes")]
    [InlineData(4, 8192u, "xfs: blocks of 8192 bytes")]
    [InlineData(4, 4097u, "xfs: blocks of 4097 bytes")]
    [InlineData(8, uint.MaxValue, "xfs: 18446744069414661120 blocks in 4 groups of 19200")]
    [InlineData(12, 57600u, "xfs: 57600 blocks in 4 groups of 19200")]
    [InlineData(12, 76801u, "xfs: 76801 blocks in 4 groups of 19200")]
    [InlineData(84, 0u, "xfs: 76800 blocks in 4 groups of 0")]
    [InlineData(88, 0u, "xfs: 76800 blocks in 0 groups of 19200")]
    [InlineData(124, 0x0f000119u, "xfs: mkfs.xfs did not come to its end")]
    public void Each_field_of_xfs_that_is_wrong_is_named(int offset, uint value, string expected)
    {
        using FileSystemImage image = FileSystemImage.Xfs();
        byte[] start = image.Start();
        BinaryPrimitives.WriteUInt32BigEndian(start.AsSpan(offset), value);
        Assert.StartsWith("xfs: ", ErrorOf(start));
        Assert.Equal(expected, ErrorOf(WithRightXfsSum(start)));
    }

    [Theory]
    [InlineData(48, 0u, "btrfs: a superblock for offset 0, found at 65536")]
    [InlineData(60, 2u, "btrfs: a dump of metadata, without the data")]
    [InlineData(136, 0u, "btrfs: a file system of no device")]
    [InlineData(144, 1024u, "btrfs: sectors of 1024 bytes")]
    [InlineData(144, 4097u, "btrfs: sectors of 4097 bytes")]
    [InlineData(148, 2048u, "btrfs: nodes of 2048 bytes")]
    [InlineData(148, 1u << 31, "btrfs: nodes of 2147483648 bytes")]
    [InlineData(196, 4u, "btrfs: checksum type 4 is not known")]
    [InlineData(209, 0u, "btrfs: a device of 0 bytes")]
    [InlineData(213, 1u << 31, "btrfs: a device of 9223372036988993536 bytes")]
    public void Each_field_of_btrfs_that_is_wrong_is_named(int offset, uint value, string expected)
    {
        using FileSystemImage image = FileSystemImage.Btrfs();
        byte[] start = image.Start();
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(Btrfs + offset), value);
        Assert.StartsWith("btrfs: ", ErrorOf(start));
        Assert.Equal(expected, ErrorOf(WithRightBtrfsSum(start)));
    }

    [Fact]
    public void A_wrong_checksum_is_told_with_both_values()
    {
        using FileSystemImage ext = FileSystemImage.Ext("mkfs.ext4");
        using FileSystemImage xfs = FileSystemImage.Xfs();
        using FileSystemImage btrfs = FileSystemImage.Btrfs();
        (byte[], int)[] labels = [(ext.Start(), Ext + 0x78), (xfs.Start(), 108), (btrfs.Start(), Btrfs + 299)];
        foreach ((byte[] start, int at) in labels)
        {
            start[at] ^= 1;
            Assert.Matches("^(ext4|xfs|btrfs): superblock CRC [0-9a-f]{8}, the superblock says [0-9a-f]{8}$", ErrorOf(start));
        }
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown()
    {
        using FileSystemImage ext = FileSystemImage.Ext("mkfs.ext4");
        using FileSystemImage xfs = FileSystemImage.Xfs();
        using FileSystemImage btrfs = FileSystemImage.Btrfs();
        AssertSurvives(ext.Start(), Ext, 1024, WithRightExtSum);
        AssertSurvives(xfs.Start(), 0, 512, WithRightXfsSum);
        AssertSurvives(btrfs.Start(), Btrfs, 4096, WithRightBtrfsSum);
    }

    private static void AssertSurvives(byte[] start, int offset, int length, Func<byte[], byte[]> withRightSum)
    {
        byte[] working = [.. start];
        Hostile.EveryPrefixAndEveryDamagedByte(start.AsSpan(offset, length), damaged =>
        {
            damaged.CopyTo(working.AsSpan(offset));
            bool good = FileSystemSuperblock.TryFind(working.AsSpan(0, offset + damaged.Length), out _, out _);
            FileSystemSuperblock.TryFind(withRightSum(working), out _, out _);
            return good;
        });
    }

    private static void AssertAsBlkid(FileSystemImage image, string type)
    {
        Dictionary<string, string> blkid = image.Blkid();
        FileSystemSuperblock found = image.Find();
        Assert.Equal((type, FileSystemImage.Label, FileSystemImage.Uuid), (found.Type, found.Label, found.Uuid));
        Assert.Equal((blkid["TYPE"], blkid["LABEL"], blkid["UUID"]), (found.Type, found.Label, $"{found.Uuid}"));
        long blockSize = long.Parse(blkid["FSBLOCKSIZE"], CultureInfo.InvariantCulture);
        long blocks = long.Parse(blkid["FSLASTBLOCK"], CultureInfo.InvariantCulture);
        Assert.Equal((blockSize, blocks * blockSize), (found.BlockSize, found.LengthInBytes));
        Assert.False(found.NeedsCheck);
        Assert.Null(FileSystemSuperblock.TryNameOther(image.Start()));
    }

    private static string ErrorOf(byte[] start)
    {
        Assert.False(FileSystemSuperblock.TryFind(start, out _, out ParseError error));
        return error.ToString();
    }

    private static byte[] WithRightExtSum(byte[] start)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(Ext + 0x3fc), ~Crc32C.Of(start.AsSpan(Ext, 0x3fc)));
        return start;
    }

    private static byte[] WithRightXfsSum(byte[] start)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(224), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(224), Crc32C.Of(start.AsSpan(0, 512)));
        return start;
    }

    private static byte[] WithRightBtrfsSum(byte[] start)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(Btrfs), Crc32C.Of(start.AsSpan(Btrfs + 32, 4096 - 32)));
        return start;
    }
}
