using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Formats.Efi;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Devices;

/// <summary>
/// Follows the kernel's device events: loads the drivers that devices ask for, and wakes whoever waits for a device. The event
/// socket is open before sysfs is looked at, so nothing is missed; nothing is asked twice, and nothing is polled.
/// </summary>
public sealed class DeviceMonitor : IDisposable
{
    private readonly UeventSocket _events = new();
    private readonly ModuleLoader _modules;
    private readonly HashSet<string> _asked = [];
    private bool _allAsked;

    /// <summary>Begins to collect events, then loads the drivers of the disk that the firmware booted from.</summary>
    /// <param name="modules">The drivers there are.</param>
    /// <param name="bootHardware">
    /// Where that disk is, if the firmware tells. Drivers for anything else are loaded only if this does not bring what is waited
    /// for: the running system loads them anyway.
    /// </param>
    public DeviceMonitor(ModuleLoader modules, EfiBootOption? bootHardware)
    {
        _modules = modules;
        if (bootHardware is not null)
        {
            AskDevices(bootHardware.Contains);
        }
    }

    /// <summary>Waits until <paramref name="find"/> gives something. It is asked at once, and again after each event of a block device or TPM.</summary>
    /// <param name="find">Null means: not there yet. An exception ends the waiting.</param>
    /// <param name="deadline">When to give up.</param>
    /// <param name="missing">The failure then.</param>
    /// <exception cref="BootException">The deadline passed.</exception>
    public T WaitFor<T>(Func<T?> find, Deadline deadline, Func<BootException> missing)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(find);
        ArgumentNullException.ThrowIfNull(missing);
        if (find() is { } there)
        {
            return there;
        }

        AskAllDevices();
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

    /// <summary>Loads the drivers of the verified root that devices ask for.</summary>
    public void LoadFromRoot() => AskDevices(_ => true, modalias => _modules.LoadFor(modalias, inRoot: true));

    /// <inheritdoc/>
    public void Dispose() => _events.Dispose();

    /// <summary>Takes all waiting events; true if a block device or a TPM came or changed.</summary>
    private bool TakeEvents()
    {
        bool awaited = false;
        while (true)
        {
            switch (_events.Receive(out ReadOnlySpan<byte> message))
            {
                case UeventSocket.Result.Nothing:
                    return awaited;
                case UeventSocket.Result.Lost:
                    AskDevices(_ => true);
                    awaited = true;
                    break;
                default:
                    var uevent = Uevent.Parse(message);
                    if (uevent.Action == "add")
                    {
                        LoadFor(uevent.Modalias);
                    }

                    awaited |= uevent.Subsystem is "block" or "tpmrm";
                    break;
            }
        }
    }

    private void AskAllDevices()
    {
        if (!_allAsked)
        {
            _allAsked = true;
            AskDevices(_ => true);
        }
    }

    /// <summary>Loads what the devices in sysfs ask for. A driver may bring new devices: their events are read afterwards.</summary>
    private void AskDevices(Func<string, bool> wanted) => AskDevices(wanted, LoadFor);

    private static void AskDevices(Func<string, bool> wanted, Action<string> load)
    {
        foreach (string bus in KernelFile.Names("/sys/bus"))
        {
            string directory = $"/sys/bus/{bus}/devices";
            foreach (string device in KernelFile.Names(directory))
            {
                string link = $"{directory}/{device}";
                if (new FileInfo(link).LinkTarget is { } target && wanted(Path.GetFullPath(Path.Combine(directory, target)))
                    && KernelFile.TryReadText($"{link}/modalias") is { Length: > 0 } modalias)
                {
                    load(modalias);
                }
            }
        }
    }

    private void LoadFor(string modalias)
    {
        if (modalias.Length > 0 && _asked.Add(modalias))
        {
            _modules.LoadFor(modalias, inRoot: false);
        }
    }
}
