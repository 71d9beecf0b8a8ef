using System;
using System.Collections.Generic;
using InitRuntime.Control.Snapshots;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Snapshots;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Control.Trial;

/// <summary>Ends the trial of an image that proved itself: from here on the loader starts it, and what it wrote is lasting.</summary>
internal static class Confirmation
{
    /// <summary>There while /init was told that this image is on trial, and until it is confirmed: for conditions of units.</summary>
    internal const string Mark = BootReportJson.OnTrialPath;

    private const int BlockLength = 1 << 20;

    /// <summary>Confirms the image, if it is on trial.</summary>
    /// <param name="readRoot">Whether to read the whole root first: a block of it that was written badly is found while there is a way back.</param>
    /// <param name="say">Takes a line about what was done.</param>
    /// <exception cref="ControlException">It is on trial and cannot be confirmed.</exception>
    internal static void Make(bool readRoot, Action<string> say)
    {
        RunningImage image = RunningImage.Read([]);
        if (!image.IsOnTrial)
        {
            say($"image {image.Boot.ImageUuid} is not on trial");
            KernelFile.Remove(Mark);
            return;
        }

        using var control = new DmControl();
        List<(VolumeReport Volume, SnapshotVolume Snapshot)> merges = Merges(control, image);
        if (readRoot)
        {
            ReadRoot(say);
        }

        if (image.Next!.Entry is { } entry)
        {
            KernelEntries.Confirm(image.Next, entry);
        }
        else
        {
            LoaderEnvironments.SetState(image.Next, UpdateState.Ok);
        }

        KernelFile.Remove(Mark);
        say($"image {image.Boot.ImageUuid} in {image.Slot.Root} is confirmed");
        foreach ((VolumeReport volume, SnapshotVolume snapshot) in merges)
        {
            Merge(image, volume, snapshot, say);
        }
    }

    /// <summary>A volume whose area ran full has lost what this image wrote: that is no image to keep.</summary>
    private static List<(VolumeReport Volume, SnapshotVolume Snapshot)> Merges(DmControl control, RunningImage image)
    {
        var merges = new List<(VolumeReport, SnapshotVolume)>();
        foreach (VolumeReport volume in image.Boot.Volumes)
        {
            if (TrialVolumes.IsPending(volume))
            {
                SnapshotVolume snapshot = VolumeSurvey.Open(control, volume);
                if (snapshot.Status() is { Problem: { } problem })
                {
                    throw TrialVolumes.Lost(volume, problem);
                }

                merges.Add((volume, snapshot));
            }
        }

        return merges;
    }

    /// <summary>The image is confirmed already: what cannot be merged now is merged by the next boot.</summary>
    private static void Merge(RunningImage image, VolumeReport volume, SnapshotVolume snapshot, Action<string> say)
    {
        try
        {
            snapshot.BeginMergeWhileMounted(image.Boot.ImageUuid);
            say($"volume {volume.Name}: what this image wrote is being merged");
        }
        catch (Exception e) when (e is BootException or SyscallException)
        {
            say($"volume {volume.Name}: the next boot merges what this image wrote: {e.Message}");
        }
    }

    private static void ReadRoot(Action<string> say)
    {
        string device = MountTable.Find(MountTable.Read(), "/")?.Source ?? throw new ControlException("what is mounted at / is not known");
        using SafeFileHandle root = KernelFile.Open(device);
        long length = KernelFile.LengthOf(root, device);
        byte[] block = new byte[BlockLength];
        for (long at = 0; at < length; at += block.Length)
        {
            int wanted = (int)Math.Min(block.Length, length - at);
            if (KernelFile.ReadAt(root, at, block.AsSpan(0, wanted), device) != wanted)
            {
                throw new ControlException($"{device}: cut short at byte {at}");
            }
        }

        say($"the root's {length >> 20} MiB were read, and are whole");
    }
}
