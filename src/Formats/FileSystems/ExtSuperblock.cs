using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.FileSystems;

/// <summary>
/// The superblock of ext2, ext3 and ext4. Source: <c>struct ext4_super_block</c> of the kernel's fs/ext4/ext4.h, little endian; the
/// three are told apart as libblkid does it.
/// </summary>
internal static class ExtSuperblock
{
    private const int Offset = 1024;
    private const int Size = 1024;
    private const int MagicAt = 0x38;
    private const int ChecksumAt = 0x3fc;
    private const int MaximumLogBlockSize = 6;
    private const byte ChecksumCrc32C = 1;

    private const uint HasJournal = 0x4;
    private const uint IncompatJournalDevice = 0x8;
    private const uint Incompat64Bit = 0x80;
    private const uint ReadOnlyMetadataChecksum = 0x400;

    /// <summary>filetype, recover, meta_bg: what ext3 knows. Ext2 knows recover not, but has no journal to recover from.</summary>
    private const uint IncompatOfExt3 = 0x2 | 0x4 | 0x10;

    /// <summary>sparse_super, large_file, btree_dir: what ext2 and ext3 know.</summary>
    private const uint ReadOnlyOfExt3 = 0x1 | 0x2 | 0x4;

    private const int StateValid = 1;
    private const int StateErrors = 2;

    private static ReadOnlySpan<byte> Magic => [0x53, 0xef];

    internal static bool IsIn(ReadOnlySpan<byte> start) => FileSystemSuperblock.From(start, Offset + MagicAt).StartsWith(Magic);

    internal static bool TryParse(ReadOnlySpan<byte> start, [NotNullWhen(true)] out FileSystemSuperblock? value, out ParseError error)
    {
        value = null;
        var reader = new SpanReader(FileSystemSuperblock.From(start, Offset));
        ReadOnlySpan<byte> superblock = reader.Bytes(Size);
        reader = new SpanReader(superblock);
        reader.Skip(4);
        ulong blocks = reader.U32();
        reader.Skip(12);
        uint firstBlock = reader.U32();
        uint logBlockSize = reader.U32();
        reader.Skip(4);
        uint blocksPerGroup = reader.U32();
        reader.Skip(4);
        uint inodesPerGroup = reader.U32();
        reader.Skip(14);
        int state = reader.U16();
        reader.Skip(32);
        uint compatible = reader.U32();
        uint incompatible = reader.U32();
        uint readOnly = reader.U32();
        ReadOnlySpan<byte> uuid = reader.Bytes(16);
        ReadOnlySpan<byte> label = reader.Bytes(16);
        reader.Skip(200);
        ulong blocksHigh = reader.U32();
        reader.Skip(33);
        byte checksumType = reader.U8();
        bool summed = (readOnly & ReadOnlyMetadataChecksum) != 0;
        blocks |= (incompatible & Incompat64Bit) != 0 ? blocksHigh << 32 : 0;
        long blockSize = 1024L << (int)Math.Min(logBlockSize, MaximumLogBlockSize);
        error = reader.Overrun ? new("ext4: cut short")
            : summed && checksumType != ChecksumCrc32C ? new($"ext4: checksum type {checksumType}, only {ChecksumCrc32C} is known")
            : summed && !IsRight(superblock, out ParseError wrong) ? wrong
            : logBlockSize > MaximumLogBlockSize ? new($"ext4: blocks of 1024 bytes times 2 to the power of {logBlockSize}")
            : (incompatible & IncompatJournalDevice) != 0 ? new("ext4: the journal of another device's file system")
            : firstBlock > 1 || blocks <= firstBlock || blocks > (ulong)(long.MaxValue / blockSize)
                ? new($"ext4: {blocks} blocks of {blockSize} bytes, the first one is {firstBlock}")
            : blocksPerGroup == 0 || inodesPerGroup == 0 ? new($"ext4: groups of {blocksPerGroup} blocks and {inodesPerGroup} inodes")
            : default;
        if (error.IsError)
        {
            return false;
        }

        string type = (incompatible & ~IncompatOfExt3) != 0 || (readOnly & ~ReadOnlyOfExt3) != 0 ? "ext4"
            : (compatible & HasJournal) != 0 ? "ext3" : "ext2";
        value = new FileSystemSuperblock(
            type, FileSystemSuperblock.ReadText(label), new Guid(uuid, bigEndian: true), blockSize, (long)blocks * blockSize,
            (state & StateValid) == 0 || (state & StateErrors) != 0);
        return true;
    }

    private static bool IsRight(ReadOnlySpan<byte> superblock, out ParseError error)
    {
        // The kernel's crc32c() leaves out the last inversion.
        uint crc = ~Crc32C.Of(superblock[..ChecksumAt]);
        uint written = BinaryPrimitives.ReadUInt32LittleEndian(superblock[ChecksumAt..]);
        error = crc != written ? new($"ext4: superblock CRC {crc:x8}, the superblock says {written:x8}") : default;
        return !error.IsError;
    }
}
