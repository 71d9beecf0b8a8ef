using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Hooks;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Stages;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Snapshots;
using InitRuntime.Storage.Verity;

namespace InitRuntime;

/// <summary>The boot, from the kernel's first program to the root's own init, read top to bottom.</summary>
internal static class BootSequence
{
    internal static void Run(StageRunner boot, IReadOnlyList<string> arguments)
    {
        BootJournal journal = boot.Journal;
        journal.KernelTime = boot.Stage("early-mounts", () => EarlyMounts.Make(journal));
        BootConfiguration settings = journal.Settings = boot.Stage("settings", Settings.Read);
        var hooks = new BootHooks(boot);

        ModuleLoader modules = boot.Stage("modules", () => Modules.LoadAlways(settings, journal.Log));
        FirmwareState firmware = boot.Stage("firmware", () => FirmwareState.Read(journal));
        hooks.Run(HookPoint.BeforeDevices);

        var deadline = Deadline.After(TimeSpan.FromSeconds(settings.DeviceTimeoutSeconds));
        using DeviceMonitor devices = boot.Stage("devices", () => new DeviceMonitor(modules, firmware.BootHardware));
        SystemDisk disk = boot.Stage(
            "system-disk", () => SystemDisk.WaitFor(devices, firmware.LoaderPartition, firmware.BootHardware, settings, deadline));
        RootPartition partition = boot.Stage("root-partition", () => RootPartition.WaitFor(devices, disk, settings, deadline));
        journal.Slot = partition.Slot;
        IReadOnlyList<LoaderEnvironment> loader = [];
        boot.Stage("loader-state", OnFailure.Continue, () => loader = LoaderState.Read(journal, disk));

        hooks.Run(HookPoint.DevicesReady);
        using DmControl deviceMapper = boot.Stage("device-mapper", () => new DmControl());
        MappedDevice root = boot.Stage(
            "verity-root", () => VerityRoot.Open(deviceMapper, partition.Device, settings.ImageUuid, settings.Root.Verity));
        boot.Stage("root-mount", OnFailure.Fallback, () => RootMount.Mount(deviceMapper, root, settings));
        boot.Stage("verity-enforce", OnFailure.Fallback, () => VerityRoot.Enforce(deviceMapper, partition.Device, settings.Root.Verity));
        boot.Stage("root-modules", OnFailure.Fallback, () => Modules.LoadFromRoot(modules));
        ResetRequests reset = boot.Stage("reset-requests", () => ResetRequests.Read(settings, loader, journal.Log));

        // Keys come and go within these stages; "measure" closes this boot's policies before anything else runs.
        using var watchdog = new BootWatchdog(settings, devices);
        watchdog.ArmUnlessLoaderDid(disk);
        hooks.Feed = watchdog.Feed;
        hooks.Run(HookPoint.RootReady);
        using BootTpm tpm = boot.Stage("tpm", () => BootTpm.Open(settings, firmware, devices, watchdog, deadline, journal.Log));
        var images = new ImageState(settings.ImageUuid, journal.OnTrial, () => partition.ReadOthers(disk, settings));
        IReadOnlyList<VolumeReport> volumes = boot.Stage(
            "volumes", () => Persistence.Mount(settings, images, reset.Request, disk, modules, devices, deviceMapper, tpm, watchdog, deadline, journal.Log));
        IReadOnlyList<DriftEntry> drift = boot.Stage("overlay", () => Overlays.Mount(settings, reset.Request, watchdog, journal.Log));
        boot.Stage("measure", OnFailure.Fallback, tpm.Leave);
        reset.Clear();
        hooks.Run(HookPoint.VolumesReady);

        watchdog.Find();
        FallbackReport? fallback = LoaderState.ExplainFallback(journal, loader, images);
        BootReportDocument report = hooks.Report = boot.Stage(
            "hand-off", () => HandOff.Prepare(journal, settings, disk, partition, root, volumes, drift, reset.Request, fallback, tpm));
        int reported = journal.Stages.Count;
        hooks.Run(HookPoint.BeforeSwitchRoot);
        boot.Stage("switch-root", OnFailure.Fallback, () =>
        {
            hooks.End();
            HandOff.Complete(journal, report, reported);
            SwitchRoot.Into(RootMount.Path, settings.Init, arguments);
        });
    }
}
