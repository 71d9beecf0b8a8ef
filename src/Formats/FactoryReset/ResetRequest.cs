using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Formats.FactoryReset;

/// <summary>What somebody wants made anew. Several requests add up; none of them ever takes what it does not name.</summary>
public sealed record ResetRequest
{
    /// <summary>The most names that one request can have.</summary>
    public const int MostNames = 64;

    /// <summary>Every volume that a factory reset of all volumes takes: see <see cref="VolumeSettings.FactoryReset"/>.</summary>
    public bool AllVolumes { get; init; }

    /// <summary>Volumes by their names, whatever their settings say.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>What was changed in every overlay, and nothing else of the volumes.</summary>
    public bool AllOverlays { get; init; }

    /// <summary>Overlays by their paths in the root.</summary>
    public IReadOnlyList<string> Overlays { get; init; } = [];

    /// <summary>Where it was found, for messages and the report: <c>EFI variable FactoryResetRequest</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Whether it takes nothing.</summary>
    public bool IsEmpty => !AllVolumes && !AllOverlays && Volumes.Count == 0 && Overlays.Count == 0;

    /// <summary>Whether a volume is to be erased.</summary>
    public bool Takes(VolumeSettings volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return (AllVolumes && volume.FactoryReset) || Contains(Volumes, volume.Name);
    }

    /// <summary>Whether an overlay is to be emptied. One whose volume is erased is empty anyway.</summary>
    public bool Takes(OverlaySettings overlay)
    {
        ArgumentNullException.ThrowIfNull(overlay);
        return AllOverlays || Contains(Overlays, overlay.Path);
    }

    /// <summary>Both requests in one.</summary>
    public ResetRequest And(ResetRequest other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new ResetRequest
        {
            AllVolumes = AllVolumes || other.AllVolumes,
            Volumes = Union(Volumes, other.Volumes),
            AllOverlays = AllOverlays || other.AllOverlays,
            Overlays = Union(Overlays, other.Overlays),
            Source = $"{Source}, {other.Source}",
        };
    }

    /// <summary>The same request without the names that this image does not have.</summary>
    /// <param name="settings">The image's.</param>
    /// <param name="unknown">The names that were left out.</param>
    public ResetRequest Known(BootConfiguration settings, out IReadOnlyList<string> unknown)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var names = new HashSet<string>();
        foreach (VolumeSettings volume in settings.Volumes)
        {
            names.Add(volume.Name);
        }

        var paths = new HashSet<string>();
        foreach (OverlaySettings overlay in settings.Overlays)
        {
            paths.Add(overlay.Path);
        }

        var strange = new List<string>();
        ResetRequest known = this with { Volumes = Only(Volumes, names, strange), Overlays = Only(Overlays, paths, strange) };
        unknown = strange;
        return known;
    }

    /// <summary>What it takes, in words: <c>all volumes; overlays /etc</c>.</summary>
    public override string ToString()
    {
        var words = new List<string>();
        if (AllVolumes)
        {
            words.Add("all volumes");
        }

        if (Volumes.Count > 0)
        {
            words.Add($"volumes {string.Join(", ", Volumes)}");
        }

        if (AllOverlays)
        {
            words.Add("all overlays");
        }

        if (Overlays.Count > 0)
        {
            words.Add($"overlays {string.Join(", ", Overlays)}");
        }

        return words.Count == 0 ? "nothing" : string.Join("; ", words);
    }

    private static bool Contains(IReadOnlyList<string> names, string wanted)
    {
        foreach (string name in names)
        {
            if (name == wanted)
            {
                return true;
            }
        }

        return false;
    }

    private static List<string> Union(IReadOnlyList<string> first, IReadOnlyList<string> second)
    {
        var all = new List<string>(first);
        foreach (string name in second)
        {
            if (!all.Contains(name))
            {
                all.Add(name);
            }
        }

        return all;
    }

    private static List<string> Only(IReadOnlyList<string> names, HashSet<string> known, List<string> strange)
    {
        var kept = new List<string>();
        foreach (string name in names)
        {
            (known.Contains(name) ? kept : strange).Add(name);
        }

        return kept;
    }
}
