using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Gpt;
using Xunit;

namespace InitRuntime.Unit.Formats.Gpt;

/// <summary>Tables, and disks in memory that hold them.</summary>
internal static class GptDisks
{
    internal const int MiB = 1 << 20;

    internal static readonly Guid DiskId = new("01234567-89ab-4cde-8f01-23456789abcd");
    internal static readonly Guid FirstId = new("11111111-2222-4333-8444-555555555555");
    internal static readonly Guid SecondId = new("a1b2c3d4-e5f6-4789-8abc-def012345678");

    /// <summary>A disk that holds nothing but a table.</summary>
    internal static byte[] Disk(GptTable table)
    {
        byte[] disk = new byte[table.DiskSectors * table.SectorSize];
        Put(table, disk);
        return disk;
    }

    /// <summary>Writes the table's regions.</summary>
    internal static void Put(GptTable table, byte[] disk)
    {
        foreach (DiskRegion region in table.ToRegions())
        {
            region.Bytes.CopyTo(disk, region.Offset);
        }
    }

    internal static GptReading Read(byte[] disk, int sectorSize)
    {
        Assert.True(TryRead(disk, sectorSize, out GptReading? reading, out ParseError error), error.Message);
        return reading!;
    }

    internal static bool TryRead(byte[] disk, int sectorSize, out GptReading? reading, out ParseError error) =>
        GptReader.TryRead(Bytes.Of(disk), disk.Length, sectorSize, out reading, out error);
}
