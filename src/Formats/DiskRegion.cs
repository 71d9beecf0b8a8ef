namespace InitRuntime.Formats;

/// <summary>Bytes for one place of a disk, partition or image.</summary>
/// <param name="Offset">In bytes.</param>
/// <param name="Bytes">Whole sectors.</param>
public readonly record struct DiskRegion(long Offset, byte[] Bytes);
