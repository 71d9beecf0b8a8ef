using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Luks;

/// <summary>
/// Brings a header that was made elsewhere to the start of its partition. The order, with a sync after each step:
/// <list type="number">
/// <item>With <c>clear</c>: zeros over the place of the first copy and all places of a second one. What was there says no longer
/// what it was, before anything that it refers to is overwritten; a header that was there loses its first copy first, and until
/// its second is gone too it still has its keyslots.</item>
/// <item>All behind the copies: keyslot areas, and zeros too, since what stood there may be the plain text of what is encrypted
/// now. No copy is in order yet, so nobody reads them half written.</item>
/// <item>The second copy. Half written, its checksum is wrong: there is no header. Whole, it counts, and all it refers to is
/// there.</item>
/// <item>The first copy. While it is half written, the second counts, and <see cref="LuksHeader.Repair"/> ends the work.</item>
/// </list>
/// The source is only read: after a power cut all is done once more.
/// </summary>
public static class StagedHeader
{
    /// <summary>Where the data begin behind a LUKS2 header, as cryptsetup has it by default: 16 MiB, in bytes.</summary>
    public const long DataOffset = 16 << 20;

    /// <summary>
    /// What an encryption in place takes of a partition's end, in bytes: the staged header, what cryptsetup wants, the moved start.
    /// </summary>
    public const long Room = 3 * DataOffset;

    private const int BlockLength = 4096;
    private const int ChunkLength = 4 << 20;

    /// <summary>Writes both copies and the keyslot areas.</summary>
    /// <param name="source">The header, read by <see cref="LuksDevice.TryReadAt"/> with the length of the target.</param>
    /// <param name="target">The partition, or the same one as the source's if the header was staged behind its own place.</param>
    /// <param name="clear">Whether what is there now may be overwritten; else it must be zeros.</param>
    /// <exception cref="BootException">Lengths that differ, a source in the header's own place, or a target that is not empty.</exception>
    public static LuksDevice Write(LuksDevice source, BlockDevice target, bool clear)
    {
        ArgumentNullException.ThrowIfNull(target);
        Write(source, target.Path, clear);
        return LuksDevice.TryRead(target, out ParseError error)
            ?? throw new BootException($"the header that was written cannot be read: {error}", target.Path);
    }

    /// <inheritdoc cref="Write(LuksDevice, BlockDevice, bool)"/>
    internal static void Write(LuksDevice source, string target, bool clear)
    {
        ArgumentNullException.ThrowIfNull(source);
        using (SafeFileHandle handle = KernelFile.Open(target))
        {
            long length = KernelFile.LengthOf(handle, target);
            if ((ulong)length != source.LengthInBytes)
            {
                throw new BootException($"the header is made for a device of {source.LengthInBytes} bytes, not {length}", target);
            }

            if (source.Path == target && (ulong)source.Offset < source.Header.Length)
            {
                throw new BootException($"the header was staged at byte {source.Offset}, within its own place", target);
            }

            if (!clear && FindContent(handle, target, source.Header.Length) is { } place)
            {
                throw new BootException($"the partition is not empty: bytes at {place}", target);
            }
        }

        LuksHeader.Write(target, 0, Regions(source, clear));
    }

    /// <summary>What is written, in this order.</summary>
    internal static IEnumerable<DiskRegion> Regions(LuksDevice source, bool clear)
    {
        Luks2Header header = source.Header;
        int headerSize = header.Binary.HeaderSize;
        if (clear)
        {
            foreach (int place in Places(header.Length))
            {
                yield return new(place, new byte[BlockLength]);
            }
        }

        // The source's own second copy may be the damaged one, from a power cut while it was staged.
        byte[] copies = source.Copies.ToArray();
        byte[] salt = new byte[Luks2HeaderWriter.SaltLength];
        RandomBytes.Fill(salt);
        if (Luks2HeaderWriter.Repair(copies, header, salt) is { } repaired)
        {
            repaired.Bytes.CopyTo(copies, repaired.Offset);
        }

        for (long at = copies.Length; at < (long)header.Length; at += ChunkLength)
        {
            byte[] chunk = new byte[Math.Min(ChunkLength, (long)header.Length - at)];
            if (!source.TryReadArea(at, chunk))
            {
                throw new BootException($"the header that was staged at byte {source.Offset} cannot be read", source.Path);
            }

            yield return new(at, chunk);
        }

        yield return new(headerSize, copies[headerSize..]);
        yield return new(0, copies[..headerSize]);
    }

    /// <summary>Where copies of a header can stand within these bytes; all of them are overwritten later.</summary>
    private static IEnumerable<int> Places(ulong length)
    {
        yield return 0;
        for (int place = Luks2BinaryHeader.MinimumHeaderSize; place <= Luks2BinaryHeader.MaximumHeaderSize; place *= 2)
        {
            if ((ulong)place < length)
            {
                yield return place;
            }
        }
    }

    private static int? FindContent(SafeFileHandle handle, string path, ulong length)
    {
        byte[] block = new byte[BlockLength];
        foreach (int place in Places(length))
        {
            KernelFile.ReadAt(handle, place, block, path);
            if (block.AsSpan().ContainsAnyExcept((byte)0))
            {
                return place;
            }
        }

        return null;
    }
}
