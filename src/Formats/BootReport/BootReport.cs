using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.BootReport;

/// <summary>What /init leaves for the running system in <c>/run/initruntime/boot.json</c>.</summary>
public sealed record BootReportDocument
{
    /// <summary>The version of this file's form that is written and read.</summary>
    public const int KnownFormatVersion = 1;

    /// <summary>Version of this file's form.</summary>
    public int FormatVersion { get; init; } = KnownFormatVersion;

    /// <summary>UUID of the image that runs.</summary>
    public required Guid ImageUuid { get; init; }

    /// <summary>The manifest's name of it.</summary>
    public required string ImageName { get; init; }

    /// <summary>The manifest's version of it.</summary>
    public required string ImageVersion { get; init; }

    /// <summary>GPT label of the partition that the root was found in: <c>root-a</c>.</summary>
    public string? Slot { get; init; }

    /// <summary>That partition's node.</summary>
    public string? RootPartition { get; init; }

    /// <summary>The disk this system booted from.</summary>
    public string? SystemDisk { get; init; }

    /// <summary>Whether the boot loader runs this image on trial, or null where that is not known.</summary>
    public bool? OnTrial { get; init; }

    /// <summary>From the kernel's start to the start of /init, in milliseconds.</summary>
    public required double KernelMilliseconds { get; init; }

    /// <summary>What /init did, in order.</summary>
    public required IReadOnlyList<StageReport> Stages { get; init; }

    /// <summary>The persistent volumes, in the order in which they were mounted.</summary>
    public IReadOnlyList<VolumeReport> Volumes { get; init; } = [];

    /// <summary>What /init measured, in order.</summary>
    public IReadOnlyList<MeasurementReport> Measurements { get; init; } = [];

    /// <summary>Why this boot is not measured, or not wholly; null when it is.</summary>
    public string? NotMeasured { get; init; }

    /// <summary>Files of this image that older upper layers hide.</summary>
    public IReadOnlyList<DriftEntry> Drift { get; init; } = [];

    /// <summary>How many more of them there are: the report does not grow without end.</summary>
    public int DriftOmitted { get; init; }

    /// <summary>How many there are in all.</summary>
    public int DriftCount => Drift.Count + DriftOmitted;

    /// <summary>The factory reset that this boot made, in words; null if it made none.</summary>
    public string? Reset { get; init; }

    /// <summary>What restarted the machine before this boot, where the watchdog's driver tells: <c>watchdog</c>; else null.</summary>
    public string? LastReset { get; init; }

    /// <summary>The last boot of this device that /init had to give up, whichever image it was.</summary>
    public FailureRecord? LastFailure { get; init; }

    /// <summary>The image that the boot loader gave up for this one; null if there is none.</summary>
    public FallbackReport? Fallback { get; init; }
}

/// <summary>An image that did not prove itself, so that the boot loader returned from it.</summary>
/// <param name="Image">Its UUID, if its slot still tells.</param>
/// <param name="Slot">GPT label of its root partition.</param>
/// <param name="Stage">Where it failed, if that was kept.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record FallbackReport(Guid? Image, string Slot, string? Stage, string Reason);

/// <summary>One stage of the boot.</summary>
/// <param name="Name">As in the log, the documentation and the tests.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Failed">Why it failed, if it did and the boot went on.</param>
public sealed record StageReport(string Name, double Milliseconds, string? Failed = null);

/// <summary>A boot that /init gave up. Kept in an EFI variable until the next boot, of either slot, shows it.</summary>
public sealed record FailureRecord
{
    /// <summary>UUID of the image that failed; null when its boot.json could not be read.</summary>
    public Guid? ImageUuid { get; init; }

    /// <summary>The manifest's version of it.</summary>
    public string? ImageVersion { get; init; }

    /// <summary>GPT label of its root partition, if it was found.</summary>
    public string? Slot { get; init; }

    /// <summary>The stage that failed.</summary>
    public required string Stage { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>The device it was about.</summary>
    public string? Device { get; init; }

    /// <summary>How many boots in a row failed; 0 once a boot succeeded.</summary>
    public required int Consecutive { get; init; }
}
