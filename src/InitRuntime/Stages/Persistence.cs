using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Snapshots;
using InitRuntime.Volumes;

namespace InitRuntime.Stages;

/// <summary>The persistent volumes, unlocked and mounted.</summary>
internal static class Persistence
{
    internal static IReadOnlyList<VolumeReport> Mount(
        BootConfiguration settings, ImageState state, ResetRequest? reset, SystemDisk disk, ModuleLoader modules, DeviceMonitor devices, DmControl deviceMapper,
        BootTpm tpm, BootWatchdog watchdog, Deadline deadline, Kmsg log)
    {
        if (settings.Volumes.Count == 0)
        {
            return [];
        }

        using var tools = new RootTools(watchdog, log);
        var fileSystem = new VolumeFileSystem(modules, tools, log);
        var providers = new VolumeDataProviders(state, settings, fileSystem, tools, deviceMapper, modules, log);
        return new VolumeOpener(disk, devices, deviceMapper, tpm, tools, fileSystem, providers, new ConsolePrompt(watchdog), log).OpenAll(settings.Volumes, reset, deadline);
    }
}
