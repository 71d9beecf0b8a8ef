using System;
using System.Buffers.Binary;

namespace InitRuntime.Formats.FileSystems;

/// <summary>The read-only file systems of a root partition: only as much as tells where they end. Sources: fs/erofs/erofs_fs.h, fs/squashfs/squashfs_fs.h.</summary>
public static class RootImage
{
    /// <summary>How much of the start <see cref="TryMeasure"/> wants, in bytes.</summary>
    public const int RequiredLength = ErofsSuperblock + 128;

    /// <summary>The largest block of a verity tree, to a multiple of which the file system may be padded.</summary>
    public const int LargestPadding = 65536;

    private const int ErofsSuperblock = 1024;
    private const uint ErofsMagic = 0xe0f5e1e2;

    /// <summary>Name and length of the file system at the start of a partition. The verity superblock stands at the next multiple of a block size behind it.</summary>
    /// <param name="start">At least <see cref="RequiredLength"/> bytes.</param>
    /// <param name="name"><c>erofs</c> or <c>squashfs</c>.</param>
    /// <param name="length">In bytes.</param>
    public static bool TryMeasure(ReadOnlySpan<byte> start, out string name, out long length)
    {
        name = "";
        length = 0;
        if (start.Length < RequiredLength)
        {
            return false;
        }

        ReadOnlySpan<byte> erofs = start[ErofsSuperblock..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(erofs) == ErofsMagic && erofs[12] is >= 9 and <= 16)
        {
            name = "erofs";
            length = (long)BinaryPrimitives.ReadUInt32LittleEndian(erofs[36..]) << erofs[12];
        }
        else if (start.StartsWith("hsqs"u8))
        {
            name = "squashfs";
            length = BinaryPrimitives.ReadInt64LittleEndian(start[40..]);
        }

        return length > 0;
    }
}
