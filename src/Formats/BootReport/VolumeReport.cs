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

    /// <summary>How long it took from its partition to its mount.</summary>
    public double Milliseconds { get; init; }
}

/// <summary>What /init measured into a PCR.</summary>
/// <param name="Pcr">The PCR.</param>
/// <param name="Text">What it says there: <c>enter-initrd</c>, <c>cryptsetup:var:..</c>.</param>
public sealed record MeasurementReport(int Pcr, string Text);
