using System.Runtime.InteropServices;
using Tmds.Linux;

namespace InitRuntime.Linux;

/// <summary>The libc calls that Tmds.LibC lacks; everything else comes from there.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary>reboot(2) as glibc wraps it.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int reboot(int command);

    /// <summary>getrandom(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint getrandom(void* buffer, nuint length, uint flags);

    /// <summary>fstatfs(2); the structure is an array of words of which we read the first.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fstatfs(int fd, nint* fileSystem);

    /// <summary>signal(2), for SIG_DFL only.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint signal(int number, nint handler);

    /// <summary>rename(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int rename(byte* from, byte* to);

    /// <summary>clock_gettime(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, timespec* now);
}
