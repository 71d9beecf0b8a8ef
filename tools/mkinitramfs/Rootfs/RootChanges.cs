using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>What the build makes of a root file system, beside leaving things out.</summary>
/// <param name="ImageName">For os-release.</param>
/// <param name="ImageVersion">For os-release.</param>
/// <param name="Time">Of all that is added, in seconds since 1970.</param>
internal sealed record RootChanges(string ImageName, string ImageVersion, long Time)
{
    /// <summary>Files that it brings; they take the place of others with their names.</summary>
    public IReadOnlyList<AddedFile> Added { get; init; } = [];

    /// <summary>What is moved to the read-only side, with links in its place: absolute paths, none within another.</summary>
    public IReadOnlyList<string> ImagePaths { get; init; } = [];

    /// <summary>Directories of which the root gets a listing: absolute paths.</summary>
    public IReadOnlyList<string> Listed { get; init; } = [];
}
