using System;
using System.IO;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>A part of a file that is looked into: a whole file, or a partition of a disk image.</summary>
internal sealed class FileRegion(FileStream file, long offset, long length)
{
    /// <summary>In bytes.</summary>
    internal long Length => length;

    /// <summary>The region's first bytes, or all if there are fewer.</summary>
    internal byte[] Start(int count)
    {
        byte[] bytes = new byte[Math.Min(count, length)];
        return Read(0, bytes) ? bytes : [];
    }

    /// <summary>Fills a buffer from the region; false when not all of it lies inside.</summary>
    internal bool Read(long at, Span<byte> buffer)
    {
        if (at < 0 || at > length - buffer.Length)
        {
            return false;
        }

        file.Position = offset + at;
        return file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;
    }

    /// <summary>A part of this region.</summary>
    internal FileRegion Part(long at, long count) => new(file, offset + at, Math.Min(count, length - at));
}
