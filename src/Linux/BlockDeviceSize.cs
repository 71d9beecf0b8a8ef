using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>BLKGETSIZE64. Source: linux/fs.h.</summary>
public static class BlockDeviceSize
{
    private static readonly Ioctl<ulong> _getSize = new("BLKGETSIZE64", IoctlDirection.Read, 0x12, 114);

    /// <summary>Size of an open block device in bytes.</summary>
    public static ulong Of(SafeFileHandle device, string subject)
    {
        ulong size = 0;
        _getSize.Call(device, ref size, subject);
        return size;
    }
}
