using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Storage.Luks;

namespace InitRuntime.Unit.Storage.Luks;

/// <summary>A disk in memory that loses its power while regions are written to it.</summary>
internal sealed class Disk(byte[] content)
{
    private const int SectorLength = 512;

    /// <summary>Header copies are cut at every sector; keyslot areas, which are longer, now and then.</summary>
    private const int MostCuts = 64;

    internal byte[] Content { get; } = content;

    /// <summary>Our reader's answer.</summary>
    internal LuksDevice? Read(out ParseError error) =>
        LuksDevice.TryRead(null, "disk", 0, (ulong)Content.Length, Content.Length, TryCopy, out error);

    /// <summary>
    /// Writes region after region; at each cut <paramref name="check"/> sees what the disk has if the power goes there: the first
    /// sectors of a region, only the last ones, or all but one; and what it has between regions. It gets the region's number, and
    /// the cut's sector.
    /// </summary>
    internal void WriteWithCuts(IEnumerable<DiskRegion> regions, Action<int, int> check)
    {
        int number = 0;
        foreach (DiskRegion region in regions)
        {
            check(number, 0);
            Memory<byte> place = Content.AsMemory((int)region.Offset, region.Bytes.Length);
            byte[] before = place.ToArray();
            int sectors = region.Bytes.Length / SectorLength;
            int step = Math.Max(1, sectors / MostCuts);
            for (int cut = step; cut < sectors; cut += step)
            {
                foreach (Predicate<int> written in (Predicate<int>[])[sector => sector < cut, sector => sector >= cut, sector => sector != cut])
                {
                    for (int sector = 0; sector < sectors; sector++)
                    {
                        byte[] from = written(sector) ? region.Bytes : before;
                        from.AsSpan(sector * SectorLength, SectorLength).CopyTo(place.Span[(sector * SectorLength)..]);
                    }

                    check(number, cut);
                }
            }

            region.Bytes.CopyTo(place);
            number++;
        }

        check(number, 0);
    }

    private bool TryCopy(long offset, Span<byte> buffer)
    {
        Content.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        return true;
    }
}
