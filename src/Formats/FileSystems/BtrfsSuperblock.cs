using System;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.FileSystems;

/// <summary>
/// The first superblock of btrfs, at 64 KiB. Source: <c>struct btrfs_super_block</c> of linux/btrfs_tree.h, little endian. Only the
/// checksum that mkfs.btrfs takes by default, crc32c, is verified: with xxhash64, sha256 or blake2b the file system is recognised, and
/// the kernel verifies it when it mounts it.
/// </summary>
internal static class BtrfsSuperblock
{
    internal const int Offset = 64 << 10;
    internal const int Size = 4096;

    private const int ChecksumLength = 32;
    private const int MagicAt = 64;
    private const int LabelLength = 256;
    private const int ChecksumCrc32C = 0;
    private const int MinimumSectorSize = 4096;
    private const int MaximumNodeSize = 65536;

    private const ulong FlagError = 1UL << 2;

    /// <summary>BTRFS_SUPER_FLAG_METADUMP and _METADUMP_V2: what btrfs-image makes, without the data.</summary>
    private const ulong FlagsOfMetadump = (1UL << 33) | (1UL << 34);

    /// <summary>BTRFS_SUPER_FLAG_CHANGING_FSID and its kin: btrfstune did not come to its end.</summary>
    private const ulong FlagsOfChange = (1UL << 35) | (1UL << 36) | (1UL << 38) | (1UL << 39) | (1UL << 40);

    /// <summary>By their numbers. Source: <c>enum btrfs_csum_type</c>, and btrfs_csums of fs/btrfs/ctree.c.</summary>
    private static readonly string[] _checksums = ["crc32c", "xxhash64", "sha256", "blake2b-256"];

    private static ReadOnlySpan<byte> Magic => "_BHRfS_M"u8;

    internal static bool IsIn(ReadOnlySpan<byte> start) => FileSystemSuperblock.From(start, Offset + MagicAt).StartsWith(Magic);

    internal static bool TryParse(ReadOnlySpan<byte> start, [NotNullWhen(true)] out FileSystemSuperblock? value, out ParseError error)
    {
        value = null;
        var reader = new SpanReader(FileSystemSuperblock.From(start, Offset));
        ReadOnlySpan<byte> superblock = reader.Bytes(Size);
        reader = new SpanReader(superblock);
        uint written = reader.U32();
        reader.Skip(ChecksumLength - sizeof(uint));
        ReadOnlySpan<byte> uuid = reader.Bytes(16);
        ulong offset = reader.U64();
        ulong flags = reader.U64();
        reader.Skip(Magic.Length + 64);
        ulong devices = reader.U64();
        uint sectorSize = reader.U32();
        uint nodeSize = reader.U32();
        reader.Skip(44);
        int checksumType = reader.U16();
        reader.Skip(11);
        ulong length = reader.U64();
        reader.Skip(82);
        ReadOnlySpan<byte> label = reader.Bytes(LabelLength);
        error = reader.Overrun ? new("btrfs: cut short")
            : checksumType >= _checksums.Length ? new($"btrfs: checksum type {checksumType} is not known")
            : checksumType == ChecksumCrc32C && Crc32C.Of(superblock[ChecksumLength..]) is var crc && crc != written
                ? new($"btrfs: superblock CRC {crc:x8}, the superblock says {written:x8}")
            : offset != Offset ? new($"btrfs: a superblock for offset {offset}, found at {Offset}")
            : (flags & FlagsOfMetadump) != 0 ? new("btrfs: a dump of metadata, without the data")
            : sectorSize is < MinimumSectorSize or > MaximumNodeSize || !uint.IsPow2(sectorSize)
                ? new($"btrfs: sectors of {sectorSize} bytes")
            : nodeSize < sectorSize || nodeSize > MaximumNodeSize || !uint.IsPow2(nodeSize) ? new($"btrfs: nodes of {nodeSize} bytes")
            : devices == 0 ? new("btrfs: a file system of no device")
            : length < (ulong)(Offset + Size) || length > long.MaxValue ? new($"btrfs: a device of {length} bytes")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new FileSystemSuperblock(
            "btrfs", FileSystemSuperblock.ReadText(label), new Guid(uuid, bigEndian: true), sectorSize, (long)length,
            (flags & (FlagError | FlagsOfChange)) != 0)
        {
            Checksum = _checksums[checksumType],
        };
        return true;
    }
}
