using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>BLKGETSIZE64 and BLKSSZGET. Source: linux/fs.h.</summary>
public static class BlockDeviceSize
{
    private static readonly Ioctl<ulong> _getSize = new("BLKGETSIZE64", IoctlDirection.Read, 0x12, 114);
    private static readonly Ioctl<int> _getSectorSize = new("BLKSSZGET", IoctlDirection.None, 0x12, 104);

    /// <summary>Size of an open block device in bytes.</summary>
    public static ulong Of(SafeFileHandle device, string subject)
    {
        ulong size = 0;
        _getSize.Call(device, ref size, subject);
        return size;
    }

    /// <summary>The smallest piece that an open block device reads or writes, in bytes: 512 or 4096 for most.</summary>
    /// <exception cref="SyscallException">ENOTTY: it is no block device.</exception>
    public static int LogicalSectorSize(SafeFileHandle device, string subject)
    {
        int size = 0;
        _getSectorSize.Call(device, ref size, subject);
        return size;
    }
}
