using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Overlay;

namespace InitRuntime.Overlay;

/// <summary>Where the writable layer of an overlay lives, with all that belongs to it.</summary>
public static class OverlayHome
{
    /// <summary>In the root directory of a volume, closed to all but root.</summary>
    private const string InVolume = ".initruntime/overlay";

    /// <summary>The home of an overlay that is kept: the directory that has <c>upper</c>, <c>work</c> and our own files.</summary>
    /// <param name="overlay">One whose upper layer is not in memory.</param>
    /// <param name="volume">The volume that it names.</param>
    /// <param name="root">Where the root is mounted.</param>
    public static string Of(OverlaySettings overlay, VolumeSettings volume, string root)
    {
        ArgumentNullException.ThrowIfNull(overlay);
        ArgumentNullException.ThrowIfNull(volume);
        // What is mounted of a btrfs volume is the image's own subvolume; the one that images share is elsewhere.
        bool isElsewhere = overlay.Upper == OverlayUpper.Shared && volume.Snapshots == SnapshotProvider.Btrfs;
        string all = isElsewhere ? SharedMount(volume.Name) : $"{root}{volume.MountPoint}/{InVolume}";
        return $"{all}/{LowerListing.NameOf(overlay.Path)}";
    }

    /// <summary>Where the subvolume is to be mounted that has the layers which all images share; for a btrfs volume.</summary>
    public static string SharedMount(string volume) => $"/run/initruntime/overlay-{volume}";
}
