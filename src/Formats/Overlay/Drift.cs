using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.Overlay;

/// <summary>What a new image changed below an upper layer that hides it: nobody would see it otherwise.</summary>
public static class Drift
{
    /// <summary>
    /// Compares what each hidden entry was when the upper layer began to hide it with what it is in the new image. It can be done again,
    /// also for another image, as long as the old listing is there: the result then has all that is needed of <paramref name="known"/>.
    /// </summary>
    /// <param name="old">Of the image that the upper layer was last used with.</param>
    /// <param name="now">Of the image that boots.</param>
    /// <param name="upper">All entries of the upper layer.</param>
    /// <param name="known">What this gave for the image before, or for one that was not booted to the end.</param>
    /// <returns>Sorted by path.</returns>
    public static IReadOnlyList<HiddenEntry> Compare(
        LowerListing old, LowerListing now, IReadOnlyList<UpperEntry> upper, IReadOnlyList<HiddenEntry> known)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(now);
        ArgumentNullException.ThrowIfNull(upper);
        ArgumentNullException.ThrowIfNull(known);
        var comparison = new Comparison(old, now, known);
        foreach (UpperEntry entry in upper)
        {
            if (entry.Kind == UpperKind.File)
            {
                comparison.Shown.Add(entry.Path);
            }
        }

        foreach (UpperEntry entry in upper)
        {
            if (entry.Kind is UpperKind.File or UpperKind.Whiteout)
            {
                comparison.Hide(entry.Path);
            }

            if (entry.Kind != UpperKind.Directory)
            {
                comparison.HideBelow(entry.Path);
            }
        }

        foreach (UpperEntry entry in upper)
        {
            if (entry.Kind is UpperKind.Directory or UpperKind.OpaqueDirectory)
            {
                comparison.HideByDirectory(entry.Path);
            }
        }

        return comparison.Result();
    }

    private static PathTable<HiddenEntry> TableOf(IReadOnlyList<HiddenEntry> entries)
    {
        string[] paths = new string[entries.Count];
        var values = new HiddenEntry[entries.Count];
        for (int i = 0; i < entries.Count; i++)
        {
            (paths[i], values[i]) = (entries[i].Path, entries[i]);
        }

        return new(paths, values);
    }

    private sealed class Comparison(LowerListing old, LowerListing now, IReadOnlyList<HiddenEntry> known)
    {
        private readonly PathTable<HiddenEntry> _known = TableOf(known);

        /// <summary>Every hidden entry that was looked at, and what is to be kept of it.</summary>
        private readonly Dictionary<string, HiddenEntry> _hidden = [];

        /// <summary>Files and links of the upper layer: they are seen, also where the image has nothing.</summary>
        internal HashSet<string> Shown { get; } = [];

        internal void Hide(string path)
        {
            ListedDigest? before = BaseOf(path);
            ListedDigest? after = now.Find(path);
            _hidden[path] = new(path, before, before == after ? HiddenChange.None
                : after is null ? Shown.Contains(path) ? HiddenChange.Removed : HiddenChange.None
                : before is null ? HiddenChange.New
                : HiddenChange.Changed);
        }

        internal void HideBelow(string path)
        {
            HideAll(old.Below(path));
            HideAll(now.Below(path));
            HideAll(_known.Below(path));
        }

        /// <summary>
        /// A directory hides what is none. Of a directory it hides owner and mode: they are those of the old image, from which it was
        /// copied for the sake of what is in it. Two that were made apart from each other, or of which one is gone, are merged.
        /// </summary>
        internal void HideByDirectory(string path)
        {
            ListedDigest? before = BaseOf(path);
            ListedDigest? after = now.Find(path);
            bool isMerged = before?.IsDirectory != false && after?.IsDirectory != false && (before is null || after is null);
            if (!isMerged && !_hidden.ContainsKey(path))
            {
                Hide(path);
            }
        }

        internal List<HiddenEntry> Result()
        {
            var result = new List<HiddenEntry>();
            foreach (HiddenEntry entry in _hidden.Values)
            {
                // What both images have alike, and what was never anything else, needs no memory: it can be found again.
                if (entry.Base != now.Find(entry.Path) || entry.Base != old.Find(entry.Path))
                {
                    result.Add(entry);
                }
            }

            result.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
            return result;
        }

        private ListedDigest? BaseOf(string path) => _known.Find(path) is { } entry ? entry.Base : old.Find(path);

        private void HideAll(ReadOnlySpan<string> paths)
        {
            foreach (string path in paths)
            {
                if (!_hidden.ContainsKey(path))
                {
                    Hide(path);
                }
            }
        }
    }
}
