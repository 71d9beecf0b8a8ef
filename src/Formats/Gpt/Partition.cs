using System;

namespace InitRuntime.Formats.Gpt;

/// <summary>Bits of a partition entry. Source: UEFI 2.10 table 5.8, and the Discoverable Partitions Specification.</summary>
[Flags]
public enum PartitionAttributes : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Needed by the platform.</summary>
    Required = 1,

    /// <summary>
    /// Ours: the content counts for nothing, and the first boot formats the volume. Bits 48 to 63 belong to whoever defines the
    /// type, and the Discoverable Partitions Specification leaves this one free.
    /// </summary>
    NewVolume = 1UL << 56,

    /// <summary>The file system is to be grown to the partition's size.</summary>
    GrowFileSystem = 1UL << 59,

    /// <summary>To be mounted read-only.</summary>
    ReadOnly = 1UL << 60,

    /// <summary>Not to be mounted automatically.</summary>
    NoAutomaticMount = 1UL << 63,
}

/// <summary>One partition of a table.</summary>
public sealed record Partition
{
    /// <summary>The longest label, in UTF-16 units.</summary>
    public const int MaximumLabelLength = 36;

    /// <summary>Its number for the kernel and in device names, from 1 on.</summary>
    public required int Number { get; init; }

    /// <summary>At most 36 UTF-16 units.</summary>
    public required string Label { get; init; }

    /// <summary>What it is for; see <see cref="PartitionType"/>.</summary>
    public required Guid Type { get; init; }

    /// <summary>Its own GUID: PARTUUID.</summary>
    public required Guid Id { get; init; }

    /// <summary>Number of its first sector.</summary>
    public required long FirstSector { get; init; }

    /// <summary>Number of its last sector, which belongs to it.</summary>
    public required long LastSector { get; init; }

    /// <summary>Its bits.</summary>
    public PartitionAttributes Attributes { get; init; }

    /// <summary>Its length, in sectors.</summary>
    public long Sectors => LastSector - FirstSector + 1;
}
