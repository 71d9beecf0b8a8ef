using System;

namespace InitRuntime.Formats.Snapshots;

/// <summary>The one thing to do next to a volume with a copy-on-write area. After some of them the question is put again.</summary>
public enum SnapshotStep
{
    /// <summary>There is no record: the first one says that the volume is this image's. Then again.</summary>
    Settle,

    /// <summary>The volume is this image's: mount it as it is. The end.</summary>
    Mount,

    /// <summary>The volume is another image's: empty the area, record the trial, mount the snapshot. The end.</summary>
    Begin,

    /// <summary>This image is the one on trial: mount its snapshot. The end.</summary>
    Continue,

    /// <summary>Record it, copy the area into the volume, settle it for the image on trial. Then again.</summary>
    Merge,

    /// <summary>Settle the volume for its owner; what is in the area counts for nothing from then on. Then again.</summary>
    Drop,
}

/// <summary>
/// What becomes of a volume's data when images change, a pure function of its record. Each step leaves a record from which the same
/// end is reached, so a power cut at any moment needs no memory but the record.
/// </summary>
public static class SnapshotPlan
{
    /// <summary>The next step; false if it hangs on what cannot be told.</summary>
    /// <param name="record">What the volume says; null if it has no record.</param>
    /// <param name="image">What boots.</param>
    /// <param name="step">What to do.</param>
    /// <param name="error">What cannot be told.</param>
    public static bool TryNext(SnapshotRecord? record, BootingImage image, out SnapshotStep step, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(image);
        error = default;
        step = record switch
        {
            null => SnapshotStep.Settle,
            { State: SnapshotState.Settled } => record.Owner == image.Uuid ? SnapshotStep.Mount : SnapshotStep.Begin,
            { State: SnapshotState.Merging } => SnapshotStep.Merge,
            _ when record.Owner == image.Uuid => SnapshotStep.Drop,
            _ when record.Trial == image.Uuid => image.OnTrial == false ? SnapshotStep.Merge : SnapshotStep.Continue,
            _ => ForAThird(record, image, out error),
        };
        return !error.IsError;
    }

    /// <summary>
    /// Neither of the two boots. The image of the trial is still installed only if its successor was installed from it, so it had
    /// proved itself: its data go on.
    /// </summary>
    private static SnapshotStep ForAThird(SnapshotRecord record, BootingImage image, out ParseError error)
    {
        bool? isInstalled = image.IsInSlot(record.Trial!.Value);
        error = isInstalled is null
            ? new($"whether the data of image {record.Trial} go on cannot be told: a root slot could not be read")
            : default;
        return isInstalled == true ? SnapshotStep.Merge : SnapshotStep.Drop;
    }
}
