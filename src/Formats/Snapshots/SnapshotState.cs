namespace InitRuntime.Formats.Snapshots;

/// <summary>Whose data a volume with a copy-on-write area holds. The numbers are those on the disk.</summary>
public enum SnapshotState
{
    /// <summary>The volume is the owner's; what the area holds counts for nothing.</summary>
    Settled = 1,

    /// <summary>The volume is the owner's, untouched; what the image on trial changed is in the area.</summary>
    Trial = 2,

    /// <summary>The area is being copied into the volume: neither the owner's nor the other's data are whole without it.</summary>
    Merging = 3,
}
