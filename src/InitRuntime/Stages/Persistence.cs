using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Volumes;

namespace InitRuntime.Stages;

/// <summary>The persistent volumes, unlocked and mounted.</summary>
internal static class Persistence
{
    internal static IReadOnlyList<VolumeReport> Mount(
        BootConfiguration settings, SystemDisk disk, DeviceMonitor devices, DmControl deviceMapper, BootTpm tpm, Deadline deadline, Kmsg log)
    {
        if (settings.Volumes.Count == 0)
        {
            return [];
        }

        using var tools = new RootTools(() => FindWatchdog(settings, devices), log);
        return new VolumeOpener(disk, devices, deviceMapper, tpm, tools, log).OpenAll(settings.Volumes, deadline);
    }

    /// <summary>The watchdog that the loader armed, for work that takes longer than it allows; its driver is loaded only then.</summary>
    private static Watchdog? FindWatchdog(BootConfiguration settings, DeviceMonitor devices)
    {
        if (settings.WatchdogSeconds == 0)
        {
            return null;
        }

        devices.LoadForAllDevices();
        return Watchdog.TryOpen(TimeSpan.FromSeconds(settings.WatchdogSeconds));
    }
}
