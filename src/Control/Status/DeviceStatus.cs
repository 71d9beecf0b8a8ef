using System.Collections.Generic;
using InitRuntime.Control.Reset;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;

namespace InitRuntime.Control.Status;

/// <summary>How the device booted, and how it stands now.</summary>
internal sealed record DeviceStatus
{
    /// <summary>What /init left.</summary>
    internal required BootReportDocument Boot { get; init; }

    /// <summary>What the loader's environments say now.</summary>
    internal required LoaderView Loader { get; init; }

    /// <summary>The room on each volume of the report, in its order.</summary>
    internal required IReadOnlyList<VolumeSpace> Space { get; init; }

    /// <summary>What the next boot is asked to make anew.</summary>
    internal required IReadOnlyList<PendingReset> Resets { get; init; }

    /// <summary>What /init did, in sum, in milliseconds.</summary>
    internal double InitMilliseconds
    {
        get
        {
            double sum = 0;
            foreach (StageReport stage in Boot.Stages)
            {
                sum += stage.Milliseconds;
            }

            return sum;
        }
    }

    /// <summary>Looks at all of it.</summary>
    /// <exception cref="ControlException">There is no report of this boot.</exception>
    internal static DeviceStatus Read()
    {
        BootReportDocument boot = BootReportFile.Read();
        return new() { Boot = boot, Loader = LoaderView.Read(boot.SystemDisk), Space = SpaceOf(boot.Volumes), Resets = PendingResets.Read() };
    }

    private static List<VolumeSpace> SpaceOf(IReadOnlyList<VolumeReport> volumes)
    {
        IReadOnlyList<MountedFileSystem> mounts = MountTable.Read();
        var space = new List<VolumeSpace>();
        foreach (VolumeReport volume in volumes)
        {
            // What is not mounted would be answered for the file system below.
            space.Add(MountTable.Find(mounts, volume.MountPoint) is null ? new(false, null, null) : VolumeSpace.Of(volume.MountPoint));
        }

        return space;
    }
}
