using System;
using System.Collections.Generic;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>
/// Which compressors go with which file system, and their levels. Source: mkfs.erofs(1) of erofs-utils 1.8, mksquashfs(1) of
/// squashfs-tools 4.6; all of them are in Debian's kernel.
/// </summary>
internal static class Compression
{
    private const string Level = "level=";

    /// <summary>By file system: each compressor with the span of its levels, or none.</summary>
    private static readonly Dictionary<string, (string Name, int Least, int Most)[]> _known = new(StringComparer.Ordinal)
    {
        ["erofs"] = [("none", 0, -1), ("lz4", 0, -1), ("lz4hc", 1, 12), ("lzma", 0, 9), ("deflate", 1, 9), ("zstd", 1, 22)],
        ["squashfs"] = [("none", 0, -1), ("gzip", 1, 9), ("lzo", 1, 9), ("lz4", 0, -1), ("lz4hc", 0, -1), ("xz", 0, -1), ("zstd", 1, 22)],
    };

    /// <summary>The compressors of a file system, with the span of their levels; empty when they take none.</summary>
    internal static IReadOnlyList<(string Name, int Least, int Most)> Of(string fileSystem) => _known[fileSystem];

    /// <summary>Adds an error when the manifest's compressor is not one of its file system.</summary>
    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsGood(RootfsCompression) || !values.IsUsable(RootfsFileSystem))
        {
            return;
        }

        string text = values.Get(RootfsCompression);
        string fileSystem = values.Get(RootfsFileSystem);
        string[] parts = text.Split(',');
        (string name, int least, int most) = _known[fileSystem].FirstOrDefault(one => one.Name == parts[0]);
        Place place = values.ValuePlaceOf(RootfsCompression);
        if (name is null)
        {
            errors.Add(place, RootfsCompression.FullName, $"{ManifestErrors.Quote(parts[0])} is not known for {fileSystem}",
                $"known: {string.Join(", ", _known[fileSystem].Select(one => one.Name))}");
        }
        else if (parts.Length > 1 && !(parts.Length == 2 && IsLevel(parts[1], fileSystem, least, most)))
        {
            errors.Add(place, RootfsCompression.FullName, $"{ManifestErrors.Quote(text)} has no such level", most < least
                ? $"{name} takes no level on {fileSystem}"
                : $"\"{name},{Level}{least}\" to \"{name},{Level}{most}\"");
        }
    }

    /// <summary><c>level=N</c>; for erofs also the bare number, which mkfs.erofs takes.</summary>
    private static bool IsLevel(string text, string fileSystem, int least, int most)
    {
        string digits = text.StartsWith(Level, StringComparison.Ordinal) ? text[Level.Length..] : fileSystem == "erofs" ? text : "";
        return digits.Length is >= 1 and <= 3 && digits.All(char.IsAsciiDigit) && int.Parse(digits) is var level && level >= least && level <= most;
    }
}
