using System;

namespace InitRuntime.Formats.Overlay;

/// <summary>Values by relative path, such that all that lies below a directory is found, too.</summary>
internal sealed class PathTable<T>
    where T : struct
{
    private readonly string[] _paths;
    private readonly T[] _values;

    /// <param name="paths">Each once, in any order; they are taken over and sorted.</param>
    /// <param name="values">The value of each path.</param>
    internal PathTable(string[] paths, T[] values)
    {
        Array.Sort(paths, values, StringComparer.Ordinal);
        (_paths, _values) = (paths, values);
    }

    /// <summary>The value of a path, if it has one.</summary>
    internal T? Find(string path)
    {
        int at = Array.BinarySearch(_paths, path, StringComparer.Ordinal);
        return at < 0 ? null : _values[at];
    }

    /// <summary>Every path below a directory, at any depth.</summary>
    internal ReadOnlySpan<string> Below(string directory)
    {
        int begin = Begin(directory + "/");
        int end = Begin(directory + (char)('/' + 1));
        return _paths.AsSpan(begin..end);
    }

    /// <summary>Where a path is, or would be.</summary>
    private int Begin(string path)
    {
        int at = Array.BinarySearch(_paths, path, StringComparer.Ordinal);
        return at < 0 ? ~at : at;
    }
}
