using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Overlay;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Volumes;

/// <summary>Each image has a subvolume of its own. A usual boot mounts it, and looks once whether there is something to clean up.</summary>
internal sealed class SubvolumeData(
    ImageState state, IReadOnlyList<OverlaySettings> overlays, VolumeFileSystem fileSystem, RootTools tools, Kmsg log) : IVolumeData
{
    private const int PrivateMode = 0x1c0; // 0700

    public MountedData Mount(VolumeMount volume)
    {
        string option = ImageSubvolumes.OptionOf(state.Image);
        SnapshotReport? made = null;
        if (!TryMount(volume, volume.Target, option))
        {
            made = OnTop(volume, subvolumes => Make(volume, subvolumes));
            volume.At(volume.Target, volume.Device, option);
        }
        else if (ImageSubvolumes.IsPending(volume.Target))
        {
            made = new SnapshotReport { Provider = "btrfs", Action = "found", Pending = !CleanUp(volume) };
        }

        foreach (string path in volume.Settings.SharedPaths)
        {
            string relative = path[(volume.Settings.MountPoint.Length + 1)..];
            MountOrMake(volume, $"{volume.Target}/{relative}", $"{ImageSubvolumes.SharedDirectory}/{relative}");
        }

        if (HoldsSharedLayers(volume.Settings.Name))
        {
            string layers = OverlayHome.SharedMount(volume.Settings.Name);
            KernelFile.MakePath(layers, PrivateMode);
            MountOrMake(volume, layers, ImageSubvolumes.Overlays);
        }

        return new(made ?? new SnapshotReport { Provider = "btrfs", Action = "found" }, MayGrow: true);
    }

    public bool MayRepair(VolumeMount? volume) => true;

    public bool TryEndCutWork(VolumeSettings volume, string device) => false;

    /// <summary>Mounts a subvolume that every image uses; it is made if it is not there.</summary>
    private void MountOrMake(VolumeMount volume, string target, string subvolume)
    {
        if (!TryMount(volume, target, $"subvol={subvolume}"))
        {
            log.Write(Priority.Choice, $"volumes: {volume.Settings.Name}: {subvolume} is not there; it begins empty");
            OnTop(volume, subvolumes =>
            {
                subvolumes.MakeMissing(subvolume);
                return true;
            });
            volume.At(target, volume.Device, $"subvol={subvolume}");
        }
    }

    private bool HoldsSharedLayers(string name)
    {
        foreach (OverlaySettings overlay in overlays)
        {
            if (overlay.Upper == OverlayUpper.Shared && overlay.Volume == name)
            {
                return true;
            }
        }

        return false;
    }

    private SnapshotReport Make(VolumeMount volume, ImageSubvolumes subvolumes)
    {
        string name = volume.Settings.Name;
        SnapshotReport report = subvolumes.Make(volume.Target, (from, to) => fileSystem.Copy($"filling {name}", from, to));
        log.Write(Priority.Choice, $"volumes: {name}: the data of this image are new: {report.Action}{(report.From is { } image ? $" from image {image}" : "")}");
        return report;
    }

    private bool CleanUp(VolumeMount volume)
    {
        if (!state.IsConfirmed)
        {
            return false;
        }

        try
        {
            return OnTop(volume, subvolumes =>
            {
                if (subvolumes.CleanUp() is not { } removed)
                {
                    return false;
                }

                log.Write(Priority.Choice, $"volumes: {volume.Settings.Name}: removed what no installed image uses: {(removed.Count == 0 ? "nothing" : string.Join(", ", removed))}");
                return true;
            });
        }
        catch (Exception e) when (e is SyscallException or BootException)
        {
            // This image's own data are there; the next boot tries again.
            log.Write(Priority.Failure, $"volumes: {volume.Settings.Name} was not cleaned up: {e.Message}");
            return false;
        }
    }

    private T OnTop<T>(VolumeMount volume, Func<ImageSubvolumes, T> use) =>
        fileSystem.OnWorkplace(volume.Device, "btrfs", "subvolid=5", top => use(new ImageSubvolumes(top, volume.Settings, state, tools.Feed)));

    private static bool TryMount(VolumeMount volume, string target, string option)
    {
        try
        {
            volume.At(target, volume.Device, option);
            return true;
        }
        catch (SyscallException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }
}
