using System;
using System.Numerics;

namespace InitRuntime.Formats.Fat;

/// <summary>Width of an entry of the allocation table.</summary>
public enum FatKind
{
    /// <summary>12 bits.</summary>
    Fat12 = 12,

    /// <summary>16 bits.</summary>
    Fat16 = 16,

    /// <summary>32 bits, of which 28 count.</summary>
    Fat32 = 32,
}

/// <summary>
/// Where each part of a FAT file system lies, in bytes from its begin. Source: Microsoft's "FAT: General Overview of On-Disk
/// Format" 1.03, little endian; the kind is told as Linux and EDK II tell it.
/// </summary>
internal readonly record struct FatGeometry
{
    internal const int BootSectorSize = 512;
    internal const int EntrySize = 32;
    internal const uint FirstCluster = 2;

    private const int JumpAndNameLength = 11;
    private const int MaximumTables = 4;
    private const int Fat12Clusters = 4085;
    private const int Fat16Clusters = 65525;
    private const uint Fat32Clusters = 0x0ffffff5;
    private const int MirroringOff = 0x80;
    private const int ActiveTableMask = 0x0f;

    internal required FatKind Kind { get; init; }

    internal required int ClusterSize { get; init; }

    internal required uint Clusters { get; init; }

    internal required long TableOffset { get; init; }

    internal required long TableLength { get; init; }

    /// <summary>Of FAT12 and FAT16.</summary>
    internal required long RootOffset { get; init; }

    /// <summary>Of FAT12 and FAT16; 0 otherwise.</summary>
    internal required int RootLength { get; init; }

    /// <summary>Of FAT32.</summary>
    internal required uint RootCluster { get; init; }

    internal required long DataOffset { get; init; }

    internal static bool TryParse(ReadOnlySpan<byte> bootSector, long partitionLength, out FatGeometry value, out ParseError error)
    {
        value = default;
        var reader = new SpanReader(bootSector);
        reader.Skip(JumpAndNameLength);
        int sectorSize = reader.U16();
        int sectorsPerCluster = reader.U8();
        int reserved = reader.U16();
        int tables = reader.U8();
        int rootEntries = reader.U16();
        long sectors = reader.U16();
        reader.Skip(1);
        long tableSectors = reader.U16();
        reader.Skip(2 * sizeof(ushort));
        reader.Skip(sizeof(uint));
        uint sectors32 = reader.U32();
        uint tableSectors32 = reader.U32();
        int flags = reader.U16();
        int version = reader.U16();
        uint rootCluster = reader.U32();
        bool wide = tableSectors == 0;
        sectors = sectors == 0 ? sectors32 : sectors;
        tableSectors = wide ? tableSectors32 : tableSectors;
        error = bootSector.Length < BootSectorSize ? new("cut short")
            : bootSector[510] != 0x55 || bootSector[511] != 0xaa ? new("no boot sector signature")
            : sectorSize is < 512 or > 4096 || !BitOperations.IsPow2(sectorSize) ? new($"sectors of {sectorSize} bytes")
            : sectorsPerCluster is < 1 or > 128 || !BitOperations.IsPow2(sectorsPerCluster)
                ? new($"clusters of {sectorsPerCluster} sectors")
            : reserved == 0 ? new("no reserved sectors")
            : tables is < 1 or > MaximumTables ? new($"{tables} allocation tables, wanted 1 to {MaximumTables}")
            : tableSectors == 0 ? new("an allocation table of 0 sectors")
            : wide != (rootEntries == 0) ? new($"{rootEntries} entries in the root directory")
            : wide && version != 0 ? new($"FAT32 version {version:x4}, only 0000 is known")
            : sectors * sectorSize > partitionLength
                ? new($"{sectors} sectors of {sectorSize} bytes in a partition of {partitionLength} bytes")
            : default;
        if (error.IsError)
        {
            return false;
        }

        int rootSectors = ((rootEntries * EntrySize) + sectorSize - 1) / sectorSize;
        long dataSector = reserved + (tables * tableSectors) + rootSectors;
        long clusters = (sectors - dataSector) / sectorsPerCluster;
        FatKind kind = wide ? FatKind.Fat32 : clusters < Fat12Clusters ? FatKind.Fat12 : FatKind.Fat16;
        bool mirrored = (flags & MirroringOff) == 0;
        int activeTable = wide && !mirrored ? flags & ActiveTableMask : 0;
        error = clusters < 1 ? new($"{sectors} sectors, the data begin in sector {dataSector}")
            : clusters > Fat32Clusters || (!wide && clusters >= Fat16Clusters) ? new($"{clusters} clusters are too many for {kind}")
            : tableSectors * sectorSize * 8 < (clusters + FirstCluster) * (int)kind
                ? new($"an allocation table of {tableSectors} sectors for {clusters} clusters")
            : activeTable >= tables ? new($"active allocation table {activeTable} of {tables}")
            : wide && !IsCluster(rootCluster, (uint)clusters) ? new($"root directory in cluster {rootCluster}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new FatGeometry
        {
            Kind = kind,
            ClusterSize = sectorsPerCluster * sectorSize,
            Clusters = (uint)clusters,
            TableOffset = (reserved + (activeTable * tableSectors)) * sectorSize,
            TableLength = tableSectors * sectorSize,
            RootOffset = (reserved + (tables * tableSectors)) * sectorSize,
            RootLength = rootEntries * EntrySize,
            RootCluster = rootCluster,
            DataOffset = dataSector * sectorSize,
        };
        return true;
    }

    internal bool IsCluster(uint number) => IsCluster(number, Clusters);

    internal long OffsetOf(uint cluster) => DataOffset + ((long)(cluster - FirstCluster) * ClusterSize);

    private static bool IsCluster(uint number, uint clusters) => number >= FirstCluster && number - FirstCluster < clusters;
}
