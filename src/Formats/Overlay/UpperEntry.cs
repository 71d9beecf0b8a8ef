namespace InitRuntime.Formats.Overlay;

/// <summary>What an entry of an upper layer does to the layer below it.</summary>
public enum UpperKind
{
    /// <summary>A directory that shows what the lower layer has in it, too.</summary>
    Directory,

    /// <summary>A directory that shows nothing of the lower layer.</summary>
    OpaqueDirectory,

    /// <summary>Nothing: what the lower layer has there was removed.</summary>
    Whiteout,

    /// <summary>A file, link or device.</summary>
    File,
}

/// <summary>An entry of an upper layer.</summary>
/// <param name="Path">Relative to the layer.</param>
/// <param name="Kind">What it does to the lower layer.</param>
public readonly record struct UpperEntry(string Path, UpperKind Kind);
