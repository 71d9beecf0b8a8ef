using System;
using System.Globalization;
using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class DeviceTests
{
    [Fact]
    public void A_machine_without_a_watchdog_has_none() =>
        Assert.Null(Watchdog.TryOpen(["/dev/initruntime-none"], TimeSpan.FromSeconds(30)));

    [Fact]
    public void What_is_no_watchdog_is_not_taken_for_one()
    {
        SyscallException error = Assert.Throws<SyscallException>(
            () => Watchdog.TryOpen(["/dev/initruntime-none", "/dev/null"], TimeSpan.Zero));
        Assert.Equal(("WDIOC_SETTIMEOUT", "/dev/null", Errno.ENOTTY), (error.Call, error.Subject, error.Errno));
        using Watchdog? watchdog = Watchdog.TryOpen(["/dev/null"], timeout: null);
        Assert.Equal("WDIOC_KEEPALIVE", Assert.Throws<SyscallException>(() => Assert.IsType<Watchdog>(watchdog).Feed()).Call);
    }

    [Fact]
    public void Time_since_boot_is_that_of_proc_uptime()
    {
        string uptime = KernelFile.TryReadText("/proc/uptime")!;
        double expected = double.Parse(uptime[..uptime.IndexOf(' ')], CultureInfo.InvariantCulture);
        TimeSpan now = BootTime.Now;
        Assert.InRange(now.TotalSeconds, expected, expected + 5);
        Assert.True(BootTime.Now > now);
    }
}
