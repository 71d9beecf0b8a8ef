using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>The number by which the kernel knows a device. Source: stat(2).</summary>
public static class DeviceNumber
{
    /// <summary>Major and minor number of a device node, links followed.</summary>
    /// <exception cref="SyscallException">ENOENT: it is not there; ENODEV: it is neither a block nor a character device.</exception>
    public static (uint Major, uint Minor) Of(string path)
    {
        stat found = KernelFile.Status(path);
        return S_ISBLK(found.st_mode) || S_ISCHR(found.st_mode)
            ? Split(found.st_rdev)
            : throw new SyscallException("stat", path, Errno.ENODEV);
    }

    /// <summary>gnu_dev_major and gnu_dev_minor. Source: bits/sysmacros.h.</summary>
    internal static (uint Major, uint Minor) Split(ulong device) =>
        ((uint)(((device >> 8) & 0xfff) | ((device >> 32) & 0xfffff000)), (uint)((device & 0xff) | ((device >> 12) & 0xffffff00)));
}
