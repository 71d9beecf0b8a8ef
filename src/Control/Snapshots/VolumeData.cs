using System;
using System.Collections.Generic;

namespace InitRuntime.Control.Snapshots;

/// <summary>Whose data a volume holds.</summary>
/// <param name="Name">The volume's.</param>
/// <param name="MountPoint">Where it is mounted in the root.</param>
internal abstract record VolumeData(string Name, string MountPoint);

/// <summary>One state of the data for all images.</summary>
internal sealed record SharedVolume(string Name, string MountPoint) : VolumeData(Name, MountPoint);

/// <summary>A subvolume for each image.</summary>
internal sealed record SubvolumeVolume(string Name, string MountPoint) : VolumeData(Name, MountPoint)
{
    /// <summary>The images' subvolumes, by their names.</summary>
    internal required IReadOnlyList<ImageSubvolume> Images { get; init; }

    /// <summary>What all images share, as paths below the mount point.</summary>
    internal required IReadOnlyList<string> Shared { get; init; }

    /// <summary>What was begun and never finished; the next boot that takes or cleans up removes it.</summary>
    internal required IReadOnlyList<string> Unfinished { get; init; }

    /// <summary>Why something is left out; null if all is there.</summary>
    internal string? Problem { get; init; }
}

/// <summary>Where the image of a subvolume is.</summary>
internal enum ImagePlace
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>It is in another root slot.</summary>
    OtherSlot,

    /// <summary>It is in no slot.</summary>
    Orphan,

    /// <summary>A slot could not be read, and it may be the one that is there.</summary>
    Unknown,
}

/// <summary>The subvolume of one image.</summary>
/// <param name="Image">The image.</param>
/// <param name="Place">Where that is.</param>
/// <param name="Slot">GPT label of its slot; null if it is in none.</param>
internal sealed record ImageSubvolume(Guid Image, ImagePlace Place, string? Slot)
{
    /// <summary>When it was made, by the device's clock of that time.</summary>
    internal required DateTimeOffset Created { get; init; }

    /// <summary>Of two, the one with the higher number was in use later.</summary>
    internal required ulong Generation { get; init; }

    /// <summary>Whether a boot of the confirmed image has something to clean up.</summary>
    internal required bool Pending { get; init; }

    /// <summary>How much room it takes; null if that is not known.</summary>
    internal SubvolumeSize? Size { get; init; }
}

/// <summary>A volume where an image on trial changes a snapshot.</summary>
internal sealed record SnapshotDeviceVolume(string Name, string MountPoint) : VolumeData(Name, MountPoint)
{
    /// <summary><c>settled</c>, <c>trial</c> or <c>merging</c>; null if the volume has no record.</summary>
    internal string? State { get; init; }

    /// <summary>The image whose data the volume itself holds.</summary>
    internal Guid? Owner { get; init; }

    /// <summary>The image whose changes are in the copy-on-write area.</summary>
    internal Guid? Trial { get; init; }

    /// <summary>How much of the area is used, in bytes; null if it is not in use.</summary>
    internal ulong? UsedBytes { get; init; }

    /// <summary>How long the area is, in bytes; null if it is not in use.</summary>
    internal ulong? TotalBytes { get; init; }

    /// <summary>Why something is left out; null if all is there.</summary>
    internal string? Problem { get; init; }
}
