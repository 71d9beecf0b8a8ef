using System;
using System.Runtime.InteropServices;

namespace InitRuntime.Linux;

/// <summary>Turns the -1 of a libc call into an exception, and loops where a signal interrupts.</summary>
internal static class Syscall
{
    /// <summary>The result, if it is not negative.</summary>
    /// <exception cref="SyscallException">It is, with the errno of the calling thread.</exception>
    internal static long Check(long result, string call, string subject) =>
        result >= 0 ? result : throw new SyscallException(call, subject, LastErrno);

    /// <summary>Runs a call that can block, again as long as it ends with EINTR; checked as by <see cref="Check"/>.</summary>
    internal static long CheckRestarting(Func<long> call, string name, string subject)
    {
        long result;
        do
        {
            result = call();
        }
        while (result < 0 && LastErrno == Errno.EINTR);

        return Check(result, name, subject);
    }

    internal static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();
}
