using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Luks;

/// <summary>
/// Makes an encrypted volume unreadable for good: everything that could give its key back is overwritten by random bytes, discarded, and
/// overwritten by zeros. The data need not be touched, and yet the device is told that nobody needs them.
/// </summary>
/// <remarks>
/// It can be cut anywhere and begun again, on whatever is there then. What says how far there is something to overwrite, the LUKS header
/// or the superblock, goes last: a second run knows as much as the first one did, or there is nothing left to know.
/// Flash memory may keep old copies of overwritten blocks until it needs their place: a discard asks it not to, and no more than that
/// can be done from here. Such a copy is of use only to who can also satisfy the TPM's policy, or knows the recovery key.
/// Data that were not encrypted are only discarded, so they are gone if the device says the truth about that.
/// </remarks>
public static class CryptoErase
{
    /// <summary>What is overwritten at the start in any case, in bytes: both copies of a header and its keyslots, with cryptsetup's own sizes.</summary>
    public const long LeastHead = StagedHeader.DataOffset;

    /// <summary>The longest header, in bytes: two copies of 4 MiB, and 128 MiB of keyslots. Source: LUKS2 specification, 2 and 3.1.</summary>
    private const long MostHead = 136 << 20;

    private const int Mebibyte = 1 << 20;
    private const int ChunkLength = 4 * Mebibyte;

    /// <summary>A discard cannot be interrupted, and the watchdog is fed between two of them. In bytes.</summary>
    private const long DiscardLength = 1L << 30;

    /// <summary>The second and third superblock of btrfs, in bytes. Source: BTRFS_SUPER_MIRROR_SHIFT of fs/btrfs/disk-io.h.</summary>
    private static readonly long[] _mirrors = [64L << 20, 256L << 30];

    /// <summary>Erases a volume, whatever it holds.</summary>
    /// <param name="device">Its partition; nobody uses it.</param>
    /// <param name="feed">Called often enough for the watchdog.</param>
    /// <returns>Whether the device took the discard.</returns>
    /// <exception cref="SyscallException">It cannot be read or written.</exception>
    public static bool Erase(BlockDevice device, Action feed)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Erase(device.Path, feed);
    }

    internal static bool Erase(string path, Action feed)
    {
        ArgumentNullException.ThrowIfNull(feed);
        using SafeFileHandle handle = KernelFile.Open(path, write: true);
        long length = KernelFile.LengthOf(handle, path);
        Stretch[] stretches = Stretches(path, handle, length);
        LuksHeader.Write(path, 0, Regions(stretches, random: true, feed));
        bool discarded = Discard(handle, path, length, feed);
        LuksHeader.Write(path, 0, Regions(stretches, random: false, feed));
        return discarded;
    }

    /// <summary>What is overwritten, in this order.</summary>
    internal static Stretch[] Stretches(string path, SafeFileHandle handle, long length)
    {
        var stretches = new List<Stretch>();
        void Add(long start, long end)
        {
            if (start < Math.Min(end, length))
            {
                stretches.Add(new(start, Math.Min(end, length)));
            }
        }

        // The staged header of an encryption in place, and the plain start that was moved there.
        Add(Math.Max(0, length - StagedHeader.Room), length);
        Array.ForEach(_mirrors, mirror => Add(mirror, mirror + FileSystemSuperblock.RequiredLength));
        if (FileSystemEnd(path, handle, length) is { } end)
        {
            // The record of a snapshot behind the file system must not outlive the data that it speaks of.
            Add(end, end + (2 * Mebibyte));
        }

        Add(0, HeadEnd(path, length));
        return [.. stretches];
    }

    /// <summary>The bytes for the device, each stretch from its end to its start; only the last chunk takes the first copy of a header away.</summary>
    internal static IEnumerable<DiskRegion> Regions(IReadOnlyList<Stretch> stretches, bool random, Action feed)
    {
        foreach (Stretch stretch in stretches)
        {
            for (long end = stretch.End; end > stretch.Start; end -= Math.Min(ChunkLength, end - stretch.Start))
            {
                feed();
                byte[] chunk = new byte[Math.Min(ChunkLength, end - stretch.Start)];
                if (random)
                {
                    RandomBytes.Fill(chunk);
                }

                yield return new(end - chunk.Length, chunk);
            }
        }
    }

    private static bool Discard(SafeFileHandle handle, string path, long length, Action feed)
    {
        for (long at = 0; at < length; at += DiscardLength)
        {
            feed();
            if (!BlockDeviceDiscard.TryDiscard(handle, at, Math.Min(DiscardLength, length - at), path))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Where the data begin by the header, and at least <see cref="LeastHead"/>. A header that cannot be read may be of any length.
    /// </summary>
    private static long HeadEnd(string path, long length)
    {
        LuksDevice? luks;
        try
        {
            luks = LuksDevice.TryReadAt(path, 0, (ulong)length, out ParseError error);
            if (error.IsError)
            {
                return MostHead;
            }
        }
        catch (BootException)
        {
            return MostHead;
        }

        if (luks is null)
        {
            return LeastHead;
        }

        ulong data = MostHead;
        foreach (Luks2Segment segment in luks.Header.Metadata.Segments)
        {
            data = Math.Min(data, segment.Offset);
        }

        return Math.Max(LeastHead, (long)Math.Max(data, luks.Header.Length));
    }

    /// <summary>Where a plain file system ends, in whole MiB; null without one.</summary>
    private static long? FileSystemEnd(string path, SafeFileHandle handle, long length)
    {
        byte[] start = new byte[FileSystemSuperblock.RequiredLength];
        try
        {
            KernelFile.ReadAt(handle, 0, start, path);
        }
        catch (SyscallException e) when (e.Errno == Errno.EIO)
        {
            return null;
        }

        return FileSystemSuperblock.TryFind(start, out FileSystemSuperblock? found, out _) && found.LengthInBytes < length
            ? (found.LengthInBytes + Mebibyte - 1) / Mebibyte * Mebibyte
            : null;
    }

    /// <summary>A part of the device.</summary>
    /// <param name="Start">In bytes.</param>
    /// <param name="End">In bytes; not part of it.</param>
    internal readonly record struct Stretch(long Start, long End);
}
