using System;
using InitRuntime.Formats.Snapshots;

namespace InitRuntime.Storage.Snapshots;

/// <summary>What was done to a volume's data when it was opened.</summary>
public enum SnapshotAction
{
    /// <summary>Nothing: they are this image's.</summary>
    Found,

    /// <summary>There was no record; they are this image's from now on.</summary>
    Settled,

    /// <summary>This image begins with another image's, and changes only its own snapshot of them.</summary>
    Begun,

    /// <summary>This image goes on with its snapshot.</summary>
    Continued,

    /// <summary>What the image on trial had changed is now in the volume.</summary>
    Merged,

    /// <summary>What the image on trial had changed is given up.</summary>
    Dropped,
}

/// <summary>What to mount, and how it came about.</summary>
/// <param name="Path">The device to mount.</param>
/// <param name="Action">What was done last.</param>
/// <param name="From">
/// Whose data this image has: for <see cref="SnapshotAction.Begun"/> and <see cref="SnapshotAction.Continued"/> those of the image
/// to which the volume goes back if this one fails; for <see cref="SnapshotAction.Dropped"/> the image whose changes were given up. Else
/// null.
/// </param>
/// <param name="Before">
/// <see cref="SnapshotAction.Merged"/> or <see cref="SnapshotAction.Dropped"/>, if that came before <see cref="SnapshotAction.Begun"/>.
/// </param>
public sealed record SnapshotOutcome(string Path, SnapshotAction Action, Guid? From, SnapshotAction? Before)
{
    /// <summary>Whether the volume still awaits what becomes of this image.</summary>
    public bool IsPending => Action is SnapshotAction.Begun or SnapshotAction.Continued;
}

/// <summary>How a volume stands in the running system.</summary>
/// <param name="State">By its record; null if it has none.</param>
/// <param name="Owner">Whose data the volume itself holds.</param>
/// <param name="Trial">Whose changes are in the copy-on-write area.</param>
/// <param name="Usage">How full the area is; null if it is not in use, or if there is a <paramref name="Problem"/>.</param>
/// <param name="Problem">What the kernel says instead: <c>Invalid</c> for an area that was full, <c>Merge failed</c>.</param>
public sealed record SnapshotStatus(SnapshotState? State, Guid? Owner, Guid? Trial, SnapshotUsage? Usage, string? Problem)
{
    /// <summary>Whether all is in the volume: the next boot has nothing left to merge.</summary>
    public bool IsMerged => State == SnapshotState.Merging && Usage is { Data: 0 };
}
