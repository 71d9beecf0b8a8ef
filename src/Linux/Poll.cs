using System;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>The only way to wait: poll(2) until a deadline.</summary>
public static unsafe class Poll
{
    /// <summary>Waits until <paramref name="handle"/> can be read; false once the deadline has passed.</summary>
    /// <exception cref="SyscallException">poll(2) failed.</exception>
    public static bool UntilReadable(SafeFileHandle handle, Deadline deadline) => Until(handle, POLLIN, deadline);

    /// <summary>Waits until <paramref name="handle"/>, opened without blocking, takes bytes; false once the deadline has passed.</summary>
    /// <exception cref="SyscallException">poll(2) failed.</exception>
    public static bool UntilWritable(SafeFileHandle handle, Deadline deadline) => Until(handle, POLLOUT, deadline);

    /// <summary>Lets time pass, where a pause itself is wanted: between reboots of an image that fails again and again.</summary>
    public static void Until(Deadline deadline)
    {
        while (!deadline.Passed)
        {
            _ = poll(null, 0, deadline.PollMilliseconds);
        }
    }

    private static bool Until(SafeFileHandle handle, short events, Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(handle);
        while (true)
        {
            var wanted = new pollfd { fd = (int)handle.DangerousGetHandle(), events = events };
            int ready = poll(&wanted, 1, deadline.PollMilliseconds);
            if (Syscall.Interrupted(ready))
            {
                continue;
            }

            Syscall.Check(ready, "poll", "one descriptor");
            if (ready > 0)
            {
                return true;
            }

            if (deadline.Passed)
            {
                return false;
            }
        }
    }
}
