using System;
using System.Collections.Generic;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Devices;

/// <summary>
/// Follows the kernel's device events: loads the drivers that devices ask for, and wakes whoever waits for a device. The event
/// socket is open before sysfs is scanned, so nothing is missed; nothing is asked twice, and nothing is polled.
/// </summary>
public sealed class DeviceMonitor : IDisposable
{
    private readonly UeventSocket _events = new();
    private readonly ModuleLoader _modules;
    private readonly HashSet<string> _asked = [];

    /// <summary>Begins to collect events, then loads drivers for the devices that are there already.</summary>
    public DeviceMonitor(ModuleLoader modules)
    {
        _modules = modules;
        ScanSysfs();
    }

    /// <summary>Waits until <paramref name="find"/> gives something. It is asked at once, and again after each block device event.</summary>
    /// <param name="find">Null means: not there yet. An exception ends the waiting.</param>
    /// <param name="deadline">When to give up.</param>
    /// <param name="missing">The failure then.</param>
    /// <exception cref="BootException">The deadline passed.</exception>
    public T WaitFor<T>(Func<T?> find, Deadline deadline, Func<BootException> missing)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(find);
        ArgumentNullException.ThrowIfNull(missing);
        while (true)
        {
            if (find() is { } found)
            {
                return found;
            }

            bool news = false;
            while (!news)
            {
                if (!_events.Wait(deadline))
                {
                    throw missing();
                }

                news = TakeEvents();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _events.Dispose();

    /// <summary>Takes all waiting events; true if a block device came or changed.</summary>
    private bool TakeEvents()
    {
        bool blockDevices = false;
        while (true)
        {
            switch (_events.Receive(out ReadOnlySpan<byte> message))
            {
                case UeventSocket.Result.Nothing:
                    return blockDevices;
                case UeventSocket.Result.Lost:
                    ScanSysfs();
                    blockDevices = true;
                    break;
                default:
                    var uevent = Uevent.Parse(message);
                    if (uevent.Action == "add" && uevent.Modalias.Length > 0)
                    {
                        LoadFor(uevent.Modalias);
                    }

                    blockDevices |= uevent.Subsystem == "block";
                    break;
            }
        }
    }

    private void ScanSysfs()
    {
        foreach (string bus in KernelFile.Names("/sys/bus"))
        {
            foreach (string device in KernelFile.Names($"/sys/bus/{bus}/devices"))
            {
                if (KernelFile.TryReadText($"/sys/bus/{bus}/devices/{device}/modalias") is { Length: > 0 } modalias)
                {
                    LoadFor(modalias);
                }
            }
        }
    }

    private void LoadFor(string modalias)
    {
        if (_asked.Add(modalias))
        {
            _modules.LoadFor(modalias);
        }
    }
}
