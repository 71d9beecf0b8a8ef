using System;

namespace InitRuntime.Formats.BootReport;

/// <summary>A persistent volume that this boot mounted.</summary>
public sealed record VolumeReport
{
    /// <summary>The manifest's name of it; the name under /dev/mapper if it is encrypted.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is mounted in the root.</summary>
    public required string MountPoint { get; init; }

    /// <summary>Its partition's node.</summary>
    public required string Device { get; init; }

    /// <summary>UUID of its LUKS header; null if it is not encrypted.</summary>
    public Guid? LuksUuid { get; init; }

    /// <summary><c>tpm</c> or <c>passphrase</c>; null if it is not encrypted.</summary>
    public string? UnlockedBy { get; init; }

    /// <summary>Whether this boot made it, or encrypted it.</summary>
    public bool FirstBoot { get; init; }

    /// <summary>Whose the data are, and what this boot did for that; null for a volume that all images share.</summary>
    public SnapshotReport? Snapshot { get; init; }

    /// <summary>Why this boot made the volume anew (<c>factory reset</c>, or what was damaged); null if it did not.</summary>
    public string? Recreated { get; init; }

    /// <summary>How long it took from its partition to its mount.</summary>
    public double Milliseconds { get; init; }
}

/// <summary>How a volume came to hold the data of this image.</summary>
public sealed record SnapshotReport
{
    /// <summary><c>btrfs</c> or <c>dm-snapshot</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>
    /// <c>found</c>: this image's own data were there; <c>seeded</c>: they are what the image brings; <c>taken</c>: they are a snapshot
    /// of <see cref="From"/>'s; <c>adopted</c>: of what was there before images had their own; <c>merged</c>: what the image wrote on
    /// trial was made lasting.
    /// </summary>
    public required string Action { get; init; }

    /// <summary>The image whose data it began with.</summary>
    public Guid? From { get; init; }

    /// <summary>Whether other images' data may be cleaned up, or merged, once this image is confirmed.</summary>
    public bool Pending { get; init; }

    /// <summary>How long the snapshot took, in milliseconds; 0 when there was nothing to do.</summary>
    public double Milliseconds { get; init; }
}

/// <summary>A file of the new image that an older upper layer hides.</summary>
/// <param name="Path">In the root.</param>
/// <param name="Change">What the image did to it since the layer's file was made: <c>changed</c>, <c>new</c> or <c>removed</c>.</param>
public sealed record DriftEntry(string Path, string Change);

/// <summary>What /init measured into a PCR.</summary>
/// <param name="Pcr">The PCR.</param>
/// <param name="Text">What it says there: <c>enter-initrd</c>, <c>cryptsetup:var:..</c>.</param>
public sealed record MeasurementReport(int Pcr, string Text);
