using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.FileSystems;

/// <summary>
/// The superblock of XFS, versions 4 and 5. Source: <c>struct xfs_dsb</c> of the kernel's fs/xfs/libxfs/xfs_format.h, big endian
/// but for the CRC.
/// </summary>
internal static class XfsSuperblock
{
    private const int Size = 264;
    private const int ChecksumAt = 224;
    private const int VersionMask = 0xf;
    private const int VersionWithChecksum = 5;
    private const uint IncompatNeedsRepair = 1 << 4;
    private const uint MinimumGroupBlocks = 64;

    private static ReadOnlySpan<byte> Magic => "XFSB"u8;

    internal static bool IsIn(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    internal static bool TryParse(ReadOnlySpan<byte> start, [NotNullWhen(true)] out FileSystemSuperblock? value, out ParseError error)
    {
        value = null;
        var reader = new SpanReader(start);
        reader.Skip(Magic.Length);
        uint blockSize = reader.U32BigEndian();
        ulong blocks = reader.U64BigEndian();
        reader.Skip(16);
        ReadOnlySpan<byte> uuid = reader.Bytes(16);
        reader.Skip(36);
        uint groupBlocks = reader.U32BigEndian();
        uint groups = reader.U32BigEndian();
        reader.Skip(8);
        int version = reader.U16BigEndian() & VersionMask;
        int sectorSize = reader.U16BigEndian();
        reader.Skip(4);
        ReadOnlySpan<byte> label = reader.Bytes(12);
        int logBlockSize = reader.U8();
        reader.Skip(5);
        bool unfinished = reader.U8() != 0;
        reader.Skip(89);
        uint incompatible = reader.U32BigEndian();
        bool summed = version == VersionWithChecksum;
        error = start.Length < Size ? new("xfs: cut short")
            : version is not (4 or VersionWithChecksum) ? new($"xfs: version {version}, only 4 and {VersionWithChecksum} are known")
            : sectorSize is < 512 or > 32768 || !int.IsPow2(sectorSize) ? new($"xfs: sectors of {sectorSize} bytes")
            : start.Length < sectorSize ? new("xfs: cut short")
            : summed && !IsRight(start[..sectorSize], out ParseError wrong) ? wrong
            : blockSize < sectorSize || blockSize > 65536 || !uint.IsPow2(blockSize) || uint.Log2(blockSize) != logBlockSize
                ? new($"xfs: blocks of {blockSize} bytes")
            : unfinished ? new("xfs: mkfs.xfs did not come to its end")
            : groupBlocks < MinimumGroupBlocks || groups == 0 || blocks > (ulong)(long.MaxValue / blockSize)
                || blocks > (ulong)groups * groupBlocks || blocks <= (groups - 1UL) * groupBlocks
                ? new($"xfs: {blocks} blocks in {groups} groups of {groupBlocks}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new FileSystemSuperblock(
            "xfs", FileSystemSuperblock.ReadText(label), new Guid(uuid, bigEndian: true), blockSize, (long)blocks * blockSize,
            summed && (incompatible & IncompatNeedsRepair) != 0);
        return true;
    }

    private static bool IsRight(ReadOnlySpan<byte> sector, out ParseError error)
    {
        // With the field that holds the CRC taken for zero.
        ReadOnlySpan<byte> zero = [0, 0, 0, 0];
        uint crc = Crc32C.Append(Crc32C.Append(Crc32C.Of(sector[..ChecksumAt]), zero), sector[(ChecksumAt + sizeof(uint))..]);
        uint written = BinaryPrimitives.ReadUInt32LittleEndian(sector[ChecksumAt..]);
        error = crc != written ? new($"xfs: superblock CRC {crc:x8}, the superblock says {written:x8}") : default;
        return !error.IsError;
    }
}
