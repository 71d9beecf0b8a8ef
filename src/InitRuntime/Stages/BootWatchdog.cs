using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Stages;

/// <summary>
/// The hardware watchdog that the loader armed, for what may take longer than it allows: the work of a first boot, and a person at the
/// console. Its driver is loaded when it is fed for the first time; it stays armed afterwards, for systemd.
/// </summary>
internal sealed class BootWatchdog(BootConfiguration settings, DeviceMonitor devices) : IDisposable
{
    private bool _opened;
    private Watchdog? _watchdog;

    /// <summary>Gives the boot as much time again as the manifest gives the whole of it; without a watchdog this does nothing.</summary>
    internal void Feed()
    {
        if (!_opened)
        {
            _opened = true;
            if (settings.WatchdogSeconds > 0)
            {
                devices.LoadFromRoot();
                _watchdog = Watchdog.TryOpen(TimeSpan.FromSeconds(settings.WatchdogSeconds));
            }
        }

        _watchdog?.Feed();
    }

    /// <inheritdoc/>
    public void Dispose() => _watchdog?.Dispose();
}
