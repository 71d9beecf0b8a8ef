namespace InitRuntime.Formats.Overlay;

/// <summary>What an image did to something since the upper layer hides it.</summary>
public enum HiddenChange
{
    /// <summary>Nothing that the upper layer hides now; kept since it has another base than the image before this one.</summary>
    None,

    /// <summary>It is another one.</summary>
    Changed,

    /// <summary>It brings it.</summary>
    New,

    /// <summary>It has it no more, while the upper layer still shows one.</summary>
    Removed,
}

/// <summary>Something of the lower layer that an upper layer hides.</summary>
/// <param name="Path">Relative to the layers.</param>
/// <param name="Base">What it was when the upper layer began to hide it; null if there was nothing.</param>
/// <param name="Change">What became of it.</param>
public readonly record struct HiddenEntry(string Path, ListedDigest? Base, HiddenChange Change);
