using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>What kind of file system a path is on, and how much room it has. Source: statfs(2).</summary>
/// <param name="TotalBytes">All there is. A number too large for 64 bits is the largest.</param>
/// <param name="FreeBytes">What anyone may still write; what the file system keeps for root is not in it.</param>
/// <param name="Magic">Its number in linux/magic.h.</param>
public readonly record struct FileSystemSpace(ulong TotalBytes, ulong FreeBytes, ulong Magic)
{
    /// <summary>The file system of a file or directory, links followed.</summary>
    /// <exception cref="SyscallException">ENOENT: it is not there; EIO: the file system cannot tell.</exception>
    public static FileSystemSpace Of(string path)
    {
        using SafeFileHandle file = KernelFile.Open(path, O_PATH | O_CLOEXEC, 0);
        return Of(file, path);
    }

    internal static unsafe FileSystemSpace Of(SafeFileHandle file, string subject)
    {
        StatFs found;
        Syscall.Check(NativeMethods.fstatfs((int)file.DangerousGetHandle(), &found), "fstatfs", subject);
        ulong block = unchecked((ulong)found.FragmentSize);
        return new(Bytes(found.Blocks, block), Bytes(found.AvailableBlocks, block), unchecked((ulong)found.Type));
    }

    /// <summary>The counts come from a disk.</summary>
    private static ulong Bytes(ulong blocks, ulong size) => size != 0 && blocks > ulong.MaxValue / size ? ulong.MaxValue : blocks * size;
}
