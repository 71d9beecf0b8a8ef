using System;

namespace InitRuntime.Linux;

/// <summary>The parts of a path.</summary>
internal static class PathName
{
    /// <summary>The directory that a path's last name is in, and that name. Slashes at the end are left out.</summary>
    /// <exception cref="ArgumentException">It names no entry of a directory: it is empty or a root, or ends in <c>.</c> or <c>..</c>.</exception>
    internal static (string Parent, string Name) Split(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string trimmed = path.TrimEnd('/');
        int slash = trimmed.LastIndexOf('/');
        string name = trimmed[(slash + 1)..];
        if (name is "" or "." or "..")
        {
            throw new ArgumentException($"\"{path}\" names no entry of a directory", nameof(path));
        }

        return (slash < 0 ? "." : slash == 0 ? "/" : trimmed[..slash], name);
    }
}
