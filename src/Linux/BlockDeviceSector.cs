using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>BLKSSZGET. Source: linux/fs.h.</summary>
public static class BlockDeviceSector
{
    private static readonly Ioctl<int> _getSectorSize = new("BLKSSZGET", IoctlDirection.None, 0x12, 104);

    /// <summary>The smallest piece that an open block device reads or writes, in bytes: 512 or 4096 for most.</summary>
    /// <exception cref="SyscallException">ENOTTY: it is no block device.</exception>
    public static int SizeOf(SafeFileHandle device, string subject)
    {
        int size = 0;
        _getSectorSize.Call(device, ref size, subject);
        return size;
    }
}
