using System.Runtime.InteropServices;

namespace InitRuntime.Linux;

/// <summary>Turns the -1 of a libc call into an exception. A call that can block is repeated while it was interrupted:
/// <c>do { n = read(..); } while (Syscall.Interrupted(n));</c></summary>
internal static class Syscall
{
    /// <summary>The errno of the calling thread's last call.</summary>
    internal static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>The result, if it is not negative.</summary>
    /// <exception cref="SyscallException">It is, with the errno of the calling thread.</exception>
    internal static long Check(long result, string call, string subject) =>
        result >= 0 ? result : throw new SyscallException(call, subject, LastErrno);

    /// <summary>Whether a call ended only because a signal came.</summary>
    internal static bool Interrupted(long result) => result < 0 && LastErrno == Errno.EINTR;
}
