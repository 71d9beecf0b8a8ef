using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>BLKDISCARD: tells a device that nobody needs its blocks any more. Source: linux/fs.h.</summary>
public static class BlockDeviceDiscard
{
    internal static readonly Ioctl<Stretch> Request = new("BLKDISCARD", IoctlDirection.None, 0x12, 119);

    /// <summary>
    /// Discards a stretch of an open block device; false if it cannot. What is read there afterwards is the device's choice, and what the
    /// medium still has nobody can tell.
    /// </summary>
    /// <param name="device">Opened for writing.</param>
    /// <param name="offset">In bytes, a multiple of the logical sector size.</param>
    /// <param name="length">Likewise.</param>
    /// <param name="subject">Its name, for messages.</param>
    public static bool TryDiscard(SafeFileHandle device, long offset, long length, string subject)
    {
        var stretch = new Stretch { Offset = offset, Length = length };
        try
        {
            Request.Call(device, ref stretch, subject);
            return true;
        }
        catch (SyscallException)
        {
            // EOPNOTSUPP of most, EIO and EREMOTEIO of some that promise more than they can, ENOTTY of a file: it is only a wish.
            return false;
        }
    }

    /// <summary>The ioctl's two numbers of 64 bits. Source: blk_ioctl_discard in block/ioctl.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Stretch
    {
        /// <summary>In bytes.</summary>
        internal long Offset;

        /// <summary>In bytes.</summary>
        internal long Length;
    }
}
