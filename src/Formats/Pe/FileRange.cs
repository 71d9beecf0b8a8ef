namespace InitRuntime.Formats.Pe;

/// <summary>A part of a file. In bytes.</summary>
/// <param name="Offset">Where it starts.</param>
/// <param name="Length">How long it is.</param>
public readonly record struct FileRange(long Offset, long Length)
{
    /// <summary>One past its last byte.</summary>
    public long End => Offset + Length;
}
