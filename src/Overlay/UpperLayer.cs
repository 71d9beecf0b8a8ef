using System;
using System.Collections.Generic;
using InitRuntime.Formats.Overlay;
using InitRuntime.Linux;

namespace InitRuntime.Overlay;

/// <summary>An upper layer that is not mounted. Source: Documentation/filesystems/overlayfs.rst, whiteouts and opaque directories.</summary>
internal static class UpperLayer
{
    private const int MostEntries = 1 << 20;
    private const int LongestAttribute = 255;
    private const string Opaque = "trusted.overlay.opaque";

    /// <summary>All that it has, links not followed.</summary>
    /// <param name="upper">The layer.</param>
    /// <param name="feed">Called for each directory: a large layer takes longer than a watchdog waits.</param>
    /// <exception cref="BootException">More than can be looked at.</exception>
    /// <exception cref="SyscallException">Something in it cannot be read, or its path is too long.</exception>
    internal static IReadOnlyList<UpperEntry> Read(string upper, Action feed)
    {
        var entries = new List<UpperEntry>();
        var directories = new Stack<string>([""]);
        while (directories.TryPop(out string? directory))
        {
            feed();
            foreach (DirectoryEntry found in DirectoryListing.Read(upper + directory))
            {
                string path = $"{directory}/{found.Name}";
                entries.Add(new(path[1..], KindOf(found.Kind, upper + path)));
                if (found.Kind == FileKind.Directory)
                {
                    directories.Push(path);
                }
            }

            if (entries.Count > MostEntries)
            {
                throw new BootException($"{upper} has more than {MostEntries} entries");
            }
        }

        return entries;
    }

    private static UpperKind KindOf(FileKind kind, string path) => kind switch
    {
        FileKind.Directory when ExtendedAttribute.TryGet(path, Opaque, LongestAttribute) is [(byte)'y'] => UpperKind.OpaqueDirectory,
        FileKind.Directory => UpperKind.Directory,
        FileKind.CharacterDevice when FileStatus.TryOf(path) is { RawMajor: 0, RawMinor: 0 } => UpperKind.Whiteout,
        _ => UpperKind.File,
    };
}
