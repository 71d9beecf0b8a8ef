using System;
using System.Collections.Generic;
using System.Diagnostics;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Volumes;

/// <summary>An image on trial changes a snapshot of the volume. A usual boot reads the state record, and mounts the volume as it is.</summary>
internal sealed class SnapshotDeviceData(
    ImageState state, IReadOnlyList<VolumeSettings> volumes, VolumeFileSystem fileSystem, RootTools tools, DmControl deviceMapper, ModuleLoader modules, Kmsg log)
    : IVolumeData
{
    /// <summary>Below the mount point of the volume that holds what all images share.</summary>
    private const string SharedDirectory = ".initruntime/shared";

    private const int PrivateMode = 0x1c0; // 0700

    public MountedData Mount(VolumeMount volume)
    {
        long start = Stopwatch.GetTimestamp();
        SnapshotOutcome outcome = Open(volume).Open(new BootingImage(state.Image, state.OnTrial, InSlots(), state.AllSlotsAreKnown));
        double taken = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1);
        try
        {
            // An area that is full must end the writing, not be gone over: remount-ro is what ext4 can do about it by itself.
            volume.At(volume.Target, outcome.Path, outcome.Path != volume.Device && volume.Settings.FileSystem == "ext4" ? "errors=remount-ro" : "");
        }
        catch (SyscallException e) when (outcome.Path != volume.Device)
        {
            throw new BootException($"the snapshot of volume {volume.Settings.Name} is not mounted: {e.Message}", volume.Device, "the data of the image before are untouched", e);
        }

        ImagePaths.Ensure(volume.Settings, volume.Target, tools.Feed);
        foreach (string path in volume.Settings.SharedPaths)
        {
            BindShared(volume, path);
        }

        return new(Report(outcome, taken), outcome.Path == volume.Device, Open(volume).PrepareGrowth);
    }

    public bool MayRepair(VolumeMount? volume) => volume is not null && Open(volume).Status().State is null or SnapshotState.Settled;

    public bool TryEndCutWork(VolumeSettings volume, string device) =>
        SnapshotVolume.TryEndCutMerge(deviceMapper, device, volume.Name, LoadModule, tools.Feed, text => Log(volume, text));

    private SnapshotVolume Open(VolumeMount volume) => new(
        deviceMapper, volume.Device, volume.Settings.Name, volume.FileSystemLength, volume.Settings.SnapshotBytes,
        LoadModule, tools.Feed, text => Log(volume.Settings, text));

    private void LoadModule() => modules.LoadByName(SnapshotVolume.Module);

    private void Log(VolumeSettings volume, string text) => log.Write(Priority.Choice, $"volumes: {volume.Name}: {text}");

    private List<Guid> InSlots()
    {
        var images = new List<Guid> { state.Image };
        foreach (SlotImage slot in state.Others)
        {
            if (slot.Image is { } image)
            {
                images.Add(image);
            }
        }

        return images;
    }

    private static SnapshotReport Report(SnapshotOutcome outcome, double taken) => new()
    {
        Provider = "dm-snapshot",
        Action = outcome.Action switch
        {
            SnapshotAction.Begun => "taken",
            SnapshotAction.Merged => "merged",
            SnapshotAction.Dropped => "dropped",
            SnapshotAction.Settled => "seeded",
            _ => "found",
        },
        From = outcome.From,
        Pending = outcome.Action is SnapshotAction.Begun or SnapshotAction.Continued,
        Milliseconds = taken,
    };

    /// <summary>The shared directory lies on another volume, which is mounted already; it begins with what this volume has there.</summary>
    private void BindShared(VolumeMount volume, string path)
    {
        string relative = path[(volume.Settings.MountPoint.Length + 1)..];
        string place = $"{volume.Target}/{relative}";
        ImagePaths.MakeParents(volume.Target, place + "/");
        string home = RootMountOf(volume.Settings.SharedOn!) + "/" + SharedDirectory;
        string shared = $"{home}/{volume.Settings.Name}-{relative.Replace('/', '-')}";
        if (!KernelFile.Exists(shared))
        {
            string making = $"{shared}.tmp";
            KernelFile.MakePath(home, PrivateMode);
            if (KernelFile.Exists(making))
            {
                FileTree.Remove(making, tools.Feed);
            }

            KernelFile.MakeDirectory(making, PrivateMode);
            KernelFile.CopyOwnerAndMode(place, making);
            fileSystem.Copy($"filling what all images share at {path}", place, making);
            KernelFile.SyncFileSystem(home);
            KernelFile.Rename(making, shared);
            KernelFile.SyncFileSystem(home);
        }

        Linux.Mount.Bind(shared, place);
    }

    private string RootMountOf(string name)
    {
        foreach (VolumeSettings volume in volumes)
        {
            if (volume.Name == name)
            {
                return Stages.RootMount.Path + volume.MountPoint;
            }
        }

        throw new BootException($"there is no volume {name}");
    }
}
