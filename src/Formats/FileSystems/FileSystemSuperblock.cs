using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace InitRuntime.Formats.FileSystems;

/// <summary>
/// What the superblock of a file system says of it. Read from untrusted bytes: a checksum finds accidents, and whoever can write
/// the device can write a right one.
/// </summary>
/// <param name="Type">As blkid and the kernel name it: ext2, ext3, ext4, xfs or btrfs.</param>
/// <param name="Label">Empty for none; text from outside, which is to be escaped before it meets a log line.</param>
/// <param name="Uuid">UUID of the file system, as in /etc/fstab.</param>
/// <param name="BlockSize">In bytes; a power of two.</param>
/// <param name="LengthInBytes">How much of the device the file system takes; that may be less or more than the device has.</param>
/// <param name="NeedsCheck">
/// Whether the file system asks for fsck: an error was found in it, or it is an ext2 that was not unmounted. A journal that is
/// to be replayed is no reason.
/// </param>
public sealed record FileSystemSuperblock(string Type, string Label, Guid Uuid, long BlockSize, long LengthInBytes, bool NeedsCheck)
{
    /// <summary>The digest of its checksums, by the name that the kernel's crypto API has for it.</summary>
    public string Checksum { get; init; } = "crc32c";

    /// <summary>How many bytes from the start of a device are needed: up to the end of btrfs's first superblock.</summary>
    public const int RequiredLength = BtrfsSuperblock.Offset + BtrfsSuperblock.Size;

    /// <summary>
    /// Finds the one file system that a device holds. False with no error when none is recognised; false with an error when the
    /// superblock is broken, or when there is more than one.
    /// </summary>
    /// <param name="start">The first <see cref="RequiredLength"/> bytes of the device. Of a shorter device all of it.</param>
    /// <param name="value">What was found.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryFind(ReadOnlySpan<byte> start, [NotNullWhen(true)] out FileSystemSuperblock? value, out ParseError error)
    {
        value = null;
        error = default;
        bool ext = ExtSuperblock.IsIn(start);
        bool xfs = XfsSuperblock.IsIn(start);
        bool btrfs = BtrfsSuperblock.IsIn(start);
        return (ext, xfs, btrfs) switch
        {
            (false, false, false) => false,
            (true, false, false) => ExtSuperblock.TryParse(start, out value, out error),
            (false, true, false) => XfsSuperblock.TryParse(start, out value, out error),
            (false, false, true) => BtrfsSuperblock.TryParse(start, out value, out error),
            _ => IsAmbiguous(ext, xfs, btrfs, out error),
        };
    }

    /// <summary>
    /// What else a device holds that nobody wants overwritten, by its magic alone: an encrypted volume, a verity tree, another file
    /// system, swap, a part of a RAID or a volume group, a partition table. Null for none that is known.
    /// </summary>
    /// <param name="start">The first <see cref="RequiredLength"/> bytes of the device. Of a shorter device all of it.</param>
    public static string? TryNameOther(ReadOnlySpan<byte> start) => OtherContent.TryName(start);

    /// <summary>Whether there are only zeros.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    /// <summary>Text of a field that NULs fill up.</summary>
    internal static string ReadText(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>The bytes from an offset on, or none.</summary>
    internal static ReadOnlySpan<byte> From(ReadOnlySpan<byte> start, int offset) => offset < start.Length ? start[offset..] : default;

    private static bool IsAmbiguous(bool ext, bool xfs, bool btrfs, out ParseError error)
    {
        var found = new List<string>();
        if (ext)
        {
            found.Add("ext4");
        }

        if (xfs)
        {
            found.Add("xfs");
        }

        if (btrfs)
        {
            found.Add("btrfs");
        }

        error = new($"holds {string.Join(" and ", found)} at once");
        return false;
    }
}
