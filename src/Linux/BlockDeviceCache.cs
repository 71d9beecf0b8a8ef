using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>What the kernel keeps in memory of a block device. Source: linux/fs.h.</summary>
public static class BlockDeviceCache
{
    internal static readonly Ioctl<int> Drop = new("BLKFLSBUF", IoctlDirection.None, 0x12, 97);

    /// <summary>
    /// Writes out what was written to an open block device, and forgets what was read of it: after a mapped device has written to it
    /// from below, that would be old.
    /// </summary>
    /// <exception cref="SyscallException">EACCES: only root may; ENOTTY: it is no block device.</exception>
    public static void Forget(SafeFileHandle device, string subject)
    {
        int unused = 0;
        Drop.Call(device, ref unused, subject);
    }
}
