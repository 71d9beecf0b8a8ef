using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Stages;

/// <summary>
/// The hardware watchdog that the loader armed, for what may take longer than it allows: the work of a first boot, and a person at the
/// console. It stays armed afterwards, for systemd.
/// </summary>
internal sealed class BootWatchdog(BootConfiguration settings, DeviceMonitor devices) : IDisposable
{
    private bool _found;
    private bool _opened;
    private Watchdog? _watchdog;

    /// <summary>Gives the boot as much time again as the manifest gives the whole of it; without a watchdog this does nothing.</summary>
    internal void Feed()
    {
        if (!_opened && settings.WatchdogSeconds > 0)
        {
            Find();
            _watchdog = Watchdog.TryOpen(TimeSpan.FromSeconds(settings.WatchdogSeconds));
        }

        _opened = true;
        _watchdog?.Feed();
    }

    /// <summary>
    /// Loads the driver of what the loader armed, so that it is /dev/watchdog0, which systemd takes over. udev loads drivers in any order:
    /// on a board with two watchdogs the armed one could come second, and nobody would feed it.
    /// </summary>
    internal void Find()
    {
        if (!_found && settings.WatchdogSeconds > 0)
        {
            _found = true;
            devices.LoadFromRoot();
        }
    }

    /// <summary>systemd-boot arms none: from here on one counts, and systemd takes it over.</summary>
    internal void ArmUnlessLoaderDid(SystemDisk disk)
    {
        if (BootEntries.AreOn(disk))
        {
            Feed();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watchdog?.Dispose();
}
