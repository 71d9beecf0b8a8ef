using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace InitRuntime.Formats.Fat;

/// <summary>A run of bytes of a file.</summary>
/// <param name="Offset">From the begin of the partition, in bytes.</param>
/// <param name="Length">In bytes.</param>
public readonly record struct FatExtent(long Offset, long Length);

/// <summary>A file of the root directory, and where in the partition its bytes are: there it can be written in place.</summary>
/// <param name="Name">As the directory has it.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Extents">In the order of the file; together as long as it is, and none meets another.</param>
public sealed record FatFile(string Name, long Length, IReadOnlyList<FatExtent> Extents)
{
    /// <summary>Reads the whole file, if it is not too long.</summary>
    public bool TryRead(ReadAt partition, int maximumLength, [NotNullWhen(true)] out byte[]? content, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(partition);
        content = null;
        if (Length > maximumLength)
        {
            error = new($"{Name}: {Length} bytes, at most {maximumLength} are read");
            return false;
        }

        byte[] bytes = new byte[Length];
        int at = 0;
        foreach (FatExtent extent in Extents)
        {
            if (!partition(extent.Offset, bytes.AsSpan(at, (int)extent.Length)))
            {
                error = new($"{Name}: {extent.Length} bytes at {extent.Offset} of the partition cannot be read");
                return false;
            }

            at += (int)extent.Length;
        }

        content = bytes;
        error = default;
        return true;
    }

    /// <summary>
    /// Where the partition has to be written so that the file gets another content of the same length: the sectors that differ, in the
    /// order of the file. A last sector that the file does not fill is cut short.
    /// </summary>
    /// <param name="from">What the file holds.</param>
    /// <param name="to">What it shall hold.</param>
    /// <param name="sectorLength">In bytes; extents are made of whole ones.</param>
    public IEnumerable<DiskRegion> Difference(byte[] from, byte[] to, int sectorLength)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        int start = 0;
        foreach (FatExtent extent in Extents)
        {
            for (int at = 0; at < extent.Length; at += sectorLength)
            {
                var sector = new Range(start + at, start + (int)Math.Min(at + sectorLength, extent.Length));
                if (!from.AsSpan(sector).SequenceEqual(to.AsSpan(sector)))
                {
                    yield return new(extent.Offset + at, to[sector]);
                }
            }

            start += (int)extent.Length;
        }
    }
}
