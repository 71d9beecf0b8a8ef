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
}
