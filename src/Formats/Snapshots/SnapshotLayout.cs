namespace InitRuntime.Formats.Snapshots;

/// <summary>
/// Where things lie on a device whose images' data are kept apart by the kernel's dm-snapshot: the file system, the record, the
/// copy-on-write area. All in bytes.
/// </summary>
/// <param name="RecordOffset">Where the record's slots are: the end of the file system, rounded up to whole MiB. So much of the device
/// is the origin.</param>
/// <param name="AreaLength">Length of the copy-on-write area, in whole MiB.</param>
public readonly record struct SnapshotLayout(long RecordOffset, long AreaLength)
{
    /// <summary>To this all places are rounded.</summary>
    public const long Unit = 1 << 20;

    /// <summary>No device is longer, so no sum here overflows.</summary>
    internal const long MaximumLength = 1L << 60;

    /// <summary>Where the copy-on-write area begins.</summary>
    public long AreaOffset => RecordOffset + Unit;

    /// <summary>The end of it all.</summary>
    public long End => AreaOffset + AreaLength;

    /// <summary>The longest file system that leaves room for the rest; negative if there is none.</summary>
    /// <param name="deviceLength">In bytes.</param>
    /// <param name="areaLength">In bytes.</param>
    public static long MaximumFileSystemLength(long deviceLength, long areaLength) => deviceLength - areaLength - (2 * Unit);

    /// <summary>Lays it out; false if it does not fit.</summary>
    /// <param name="fileSystemLength">By its superblock.</param>
    /// <param name="areaLength">In whole MiB.</param>
    /// <param name="deviceLength">What all of it has to fit in.</param>
    /// <param name="value">The places.</param>
    /// <param name="error">What does not fit.</param>
    public static bool TryMake(long fileSystemLength, long areaLength, long deviceLength, out SnapshotLayout value, out ParseError error)
    {
        value = default;
        error = fileSystemLength is <= 0 or > MaximumLength ? new($"a file system of {fileSystemLength} bytes")
            : areaLength is <= 0 or > MaximumLength || areaLength % Unit != 0 ? new($"a copy-on-write area of {areaLength} bytes, not of whole MiB")
            : default;
        if (error.IsError)
        {
            return false;
        }

        var layout = new SnapshotLayout((fileSystemLength + Unit - 1) / Unit * Unit, areaLength);
        if (layout.End > deviceLength)
        {
            error = new($"a file system of {Mebibytes(fileSystemLength)} MiB and a copy-on-write area of {areaLength / Unit} MiB do not fit in {deviceLength / Unit} MiB");
            return false;
        }

        value = layout;
        return true;
    }

    private static long Mebibytes(long length) => (length + Unit - 1) / Unit;
}
