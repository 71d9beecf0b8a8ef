using System;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Formats.Verity;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Devices;

/// <summary>What a root slot holds, by its own word: nobody has checked a hash.</summary>
/// <param name="Label">Its GPT label.</param>
/// <param name="Image">UUID of the image; null if there is none that could boot.</param>
/// <param name="IsReadable">False if the disk could not read it, so that nothing is known.</param>
public sealed record SlotImage(string Label, Guid? Image, bool IsReadable)
{
    /// <summary>Looks for the verity superblock behind the file system, wherever that ends.</summary>
    public static SlotImage Read(string label, BlockDevice node)
    {
        ArgumentNullException.ThrowIfNull(node);
        try
        {
            using SafeFileHandle device = KernelFile.Open(node.Path);
            byte[] start = new byte[RootImage.RequiredLength];
            KernelFile.ReadAt(device, 0, start, node.Path);
            return new(label, RootImage.TryMeasure(start, out _, out long length) ? Find(device, length, node.Path) : null, true);
        }
        catch (SyscallException)
        {
            return new(label, null, false);
        }
    }

    private static Guid? Find(SafeFileHandle device, long length, string subject)
    {
        byte[] sector = new byte[VeritySuperblock.Size];
        for (long padding = VeritySuperblock.Size; padding <= RootImage.LargestPadding && length <= KernelFile.LengthOf(device, subject); padding *= 2)
        {
            long offset = (length + padding - 1) / padding * padding;
            if (KernelFile.ReadAt(device, offset, sector, subject) == sector.Length
                && VeritySuperblock.TryParse(sector, out VeritySuperblock? superblock, out _))
            {
                return superblock.Uuid;
            }
        }

        return null;
    }
}
