using System.Collections.Generic;
using InitRuntime.Control.Snapshots;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Control.Trial;

/// <summary>Volumes of which an image on trial changes a snapshot that the kernel gives up when its area is full.</summary>
internal static class TrialVolumes
{
    /// <summary>Whether this image's data are in a copy-on-write area.</summary>
    internal static bool IsPending(VolumeReport volume) => volume.Snapshot is { Provider: "dm-snapshot", Pending: true };

    /// <summary>Waits until one of them is lost.</summary>
    /// <returns>Why; null: the time has passed.</returns>
    internal static ControlException? WaitForLoss(IReadOnlyList<VolumeReport> volumes, Deadline deadline)
    {
        var watched = new List<VolumeReport>();
        foreach (VolumeReport volume in volumes)
        {
            if (IsPending(volume))
            {
                watched.Add(volume);
            }
        }

        if (watched.Count == 0)
        {
            Poll.Until(deadline);
            return null;
        }

        ControlException? lost = null;
        using var control = new DmControl();
        control.WaitFor(() => (lost = FindLoss(control, watched)) is not null, deadline);
        return lost;
    }

    /// <summary>The same words for a person, and for the record of a failed boot.</summary>
    internal static ControlException Lost(VolumeReport volume, string problem) => new(
        $"volume {volume.Name}: the copy-on-write area was full or cannot be used any more: {problem}", "raise its snapshot-size in the manifest");

    private static ControlException? FindLoss(DmControl control, List<VolumeReport> volumes)
    {
        foreach (VolumeReport volume in volumes)
        {
            SnapshotStatus status = VolumeSurvey.Open(control, volume).Status();
            if (status.Problem is { } problem)
            {
                return Lost(volume, problem);
            }
        }

        return null;
    }
}
