using System;
using System.Collections.Generic;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// The hardware that restarts the machine unless it is fed in time. To open it starts it; to close it, as here without the magic
/// character, leaves it running: what boots next has to open and feed it. Source: Documentation/watchdog/watchdog-api.rst.
/// </summary>
public sealed class Watchdog : IDisposable
{
    internal static readonly Ioctl<int> KeepAlive = new("WDIOC_KEEPALIVE", IoctlDirection.Read, (byte)'W', 5);
    internal static readonly Ioctl<int> SetTimeoutRequest = new("WDIOC_SETTIMEOUT", IoctlDirection.ReadWrite, (byte)'W', 6);

    private readonly SafeFileHandle _device;
    private readonly string _path;

    private Watchdog(SafeFileHandle device, string path)
    {
        _device = device;
        _path = path;
    }

    /// <summary>Opens and so starts the machine's watchdog; null if it has none, or if another program has it.</summary>
    /// <param name="timeout">How long it waits for <see cref="Feed"/>, in whole seconds, rounded up; null leaves what the driver has.
    /// A driver that cannot set this, or not that long, keeps its own.</param>
    /// <exception cref="SyscallException">EACCES, EIO: there is one, but it cannot be had.</exception>
    public static Watchdog? TryOpen(TimeSpan? timeout) => TryOpen(["/dev/watchdog0", "/dev/watchdog"], timeout);

    /// <inheritdoc cref="TryOpen(TimeSpan?)"/>
    internal static Watchdog? TryOpen(IReadOnlyList<string> paths, TimeSpan? timeout)
    {
        foreach (string path in paths)
        {
            if (TryOpenDevice(path) is not { } device)
            {
                continue;
            }

            var watchdog = new Watchdog(device, path);
            try
            {
                watchdog.SetTimeout(timeout);
                return watchdog;
            }
            catch
            {
                watchdog.Dispose();
                throw;
            }
        }

        return null;
    }

    /// <summary>
    /// Whether it was the hardware watchdog that restarted the machine, by its driver's word. False while no driver is loaded, and for one
    /// that cannot tell. Source: Documentation/ABI/testing/sysfs-class-watchdog, WDIOF_CARDRESET of linux/watchdog.h.
    /// </summary>
    public static bool RestartedTheMachine() => RestartedTheMachine("/sys/class/watchdog/watchdog0/bootstatus");

    /// <inheritdoc cref="RestartedTheMachine()"/>
    internal static bool RestartedTheMachine(string path)
    {
        const int CardReset = 0x20;
        return int.TryParse(KernelFile.TryReadText(path), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && (status & CardReset) != 0;
    }

    /// <summary>Starts its time anew.</summary>
    /// <exception cref="SyscallException">ENODEV: the device is gone; EIO: it does not answer.</exception>
    public void Feed()
    {
        int unused = 0;
        KeepAlive.Call(_device, ref unused, _path);
    }

    /// <summary>Closes the device; it stays armed.</summary>
    public void Dispose() => _device.Dispose();

    private static SafeFileHandle? TryOpenDevice(string path)
    {
        try
        {
            return KernelFile.Open(path, O_WRONLY | O_CLOEXEC, 0);
        }
        catch (SyscallException e) when (e.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ENXIO or Errno.EBUSY)
        {
            return null;
        }
    }

    private void SetTimeout(TimeSpan? timeout)
    {
        if (timeout is not { } time)
        {
            return;
        }

        int seconds = (int)Math.Clamp(Math.Ceiling(time.TotalSeconds), 1, int.MaxValue);
        try
        {
            SetTimeoutRequest.Call(_device, ref seconds, _path);
        }
        catch (SyscallException e) when (e.Errno is Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            // The time is the driver's to give; what it has instead still guards the boot.
        }
    }
}
