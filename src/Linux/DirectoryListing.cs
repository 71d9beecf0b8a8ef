using System;
using System.Collections.Generic;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>An entry of a directory.</summary>
/// <param name="Name">
/// Its name. Bytes that are no UTF-8 are chars from U+DC80 to U+DCFF: the calls of this namespace make the same bytes of them again,
/// while <see cref="System.IO"/> does not. It comes from a disk: escape it in a log line.
/// </param>
/// <param name="Kind">What it is; a link is not followed.</param>
public readonly record struct DirectoryEntry(string Name, FileKind Kind);

/// <summary>What is in a directory. Source: getdents(2).</summary>
public static class DirectoryListing
{
    /// <summary>More entries than this in one directory are not taken into memory.</summary>
    public const int MostEntries = 1 << 20;

    /// <summary>All entries but <c>.</c> and <c>..</c>, in ordinal order of their names.</summary>
    /// <param name="path">The directory; a link to one is followed.</param>
    /// <exception cref="SyscallException">
    /// ENOENT: it is not there; ENOTDIR: it is none; EFBIG: more than <see cref="MostEntries"/>; EIO: it cannot be read.
    /// </exception>
    public static unsafe IReadOnlyList<DirectoryEntry> Read(string path)
    {
        using SafeFileHandle directory = KernelFile.OpenDirectory(path);
        var reader = new DirectoryReader();
        var entries = new List<DirectoryEntry>();
        while (reader.Next(directory, path, out ReadOnlySpan<byte> name, out FileKind? kind))
        {
            if (entries.Count == MostEntries)
            {
                throw new SyscallException("getdents64", path, Errno.EFBIG);
            }

            fixed (byte* entry = name)
            {
                // Gone since: then it is no entry.
                kind ??= FileStatus.TryOf((int)directory.DangerousGetHandle(), entry, path)?.Kind;
            }

            if (kind is { } known)
            {
                entries.Add(new(NativeText.Decode(name), known));
            }
        }

        entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return entries;
    }
}
