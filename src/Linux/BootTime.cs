using System;
using Tmds.Linux;

namespace InitRuntime.Linux;

/// <summary>The clock that started with the kernel and goes on while the machine sleeps. Source: clock_gettime(2).</summary>
public static unsafe class BootTime
{
    /// <summary>CLOCK_BOOTTIME. Source: linux/time.h.</summary>
    internal const int Clock = 7;

    /// <summary>Time since the kernel started.</summary>
    public static TimeSpan Now
    {
        get
        {
            timespec now;
            Syscall.Check(NativeMethods.clock_gettime(Clock, &now), "clock_gettime", "CLOCK_BOOTTIME");
            return TimeSpan.FromSeconds((long)now.tv_sec) + TimeSpan.FromMicroseconds((long)now.tv_nsec / 1000.0);
        }
    }
}
