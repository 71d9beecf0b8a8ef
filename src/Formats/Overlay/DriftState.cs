using System;
using System.Collections.Generic;
using System.Text;
using InitRuntime.Formats.BootReport;

namespace InitRuntime.Formats.Overlay;

/// <summary>
/// What an upper layer hides of the image that runs, kept beside it: the image's UUID, then a line for each entry with what the image
/// did to it, the digest of what it was before (<c>-</c>: nothing) and its escaped path, sorted by path.
/// </summary>
/// <param name="Image">The image for which this holds.</param>
/// <param name="Hidden">Sorted by path, ordinally.</param>
public sealed record DriftState(Guid Image, IReadOnlyList<HiddenEntry> Hidden)
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MaximumLength = 16 << 20;

    private const int UuidLength = 36;
    private const string Nothing = "-";

    /// <summary>For the boot report.</summary>
    /// <param name="directory">Where the layers lie; an absolute path in the root.</param>
    public IReadOnlyList<DriftEntry> Report(string directory)
    {
        var report = new List<DriftEntry>();
        foreach (HiddenEntry entry in Hidden)
        {
            if (entry.Change != HiddenChange.None)
            {
                report.Add(new($"{directory}/{entry.Path}", Word(entry.Change)));
            }
        }

        return report;
    }

    /// <summary>The bytes of the file.</summary>
    public byte[] ToBytes()
    {
        List<byte> text = [.. Encoding.ASCII.GetBytes($"{Image}\n")];
        foreach (HiddenEntry entry in Hidden)
        {
            text.AddRange(Encoding.ASCII.GetBytes($"{Word(entry.Change)} {entry.Base?.ToString() ?? Nothing} "));
            EscapedPath.Append(text, entry.Path);
            text.Add((byte)'\n');
        }

        return text.ToArray();
    }

    /// <summary>Reads the file. It lies on a volume, so that anybody could have written it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DriftState value, out ParseError error)
    {
        var hidden = new List<HiddenEntry>();
        value = new(Guid.Empty, []);
        error = default;
        if (text.Length > MaximumLength || !TryImage(text, out Guid image, out ReadOnlySpan<byte> rest))
        {
            error = new($"no image UUID, or longer than {MaximumLength} bytes");
            return false;
        }

        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            if (end < 0 || !TryEntry(rest[..end], out HiddenEntry entry)
                || (hidden.Count > 0 && string.CompareOrdinal(hidden[^1].Path, entry.Path) >= 0))
            {
                error = new($"line {hidden.Count + 2}: not a change, a digest and a path behind the one before");
                return false;
            }

            hidden.Add(entry);
            rest = rest[(end + 1)..];
        }

        value = new(image, hidden);
        return true;
    }

    /// <summary>The UUID that is the first line of a file beside an upper layer, and what follows.</summary>
    public static bool TryImage(ReadOnlySpan<byte> text, out Guid image, out ReadOnlySpan<byte> rest)
    {
        image = Guid.Empty;
        rest = default;
        if (text.Length <= UuidLength || text[UuidLength] != '\n' || text[..UuidLength].ContainsAnyExceptInRange((byte)'-', (byte)'f')
            || !Guid.TryParseExact(Encoding.ASCII.GetString(text[..UuidLength]), "D", out image))
        {
            return false;
        }

        rest = text[(UuidLength + 1)..];
        return true;
    }

    private static bool TryEntry(ReadOnlySpan<byte> line, out HiddenEntry entry)
    {
        entry = default;
        int first = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> behind = line[(first + 1)..];
        int second = behind.IndexOf((byte)' ');
        if (first < 0 || second < 0 || Change(line[..first]) is not { } change || !EscapedPath.TryRead(behind[(second + 1)..], out string path)
            || !LowerListing.IsRelative(path))
        {
            return false;
        }

        ReadOnlySpan<byte> digest = behind[..second];
        ListedDigest? before = null;
        if (!digest.SequenceEqual("-"u8))
        {
            if (!ListedDigest.TryParse(digest, out ListedDigest found))
            {
                return false;
            }

            before = found;
        }

        entry = new(path, before, change);
        return change == HiddenChange.None || change == HiddenChange.New == before is null;
    }

    private static string Word(HiddenChange change) => change switch
    {
        HiddenChange.Changed => "changed",
        HiddenChange.New => "new",
        HiddenChange.Removed => "removed",
        _ => Nothing,
    };

    private static HiddenChange? Change(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("changed"u8) ? HiddenChange.Changed
        : word.SequenceEqual("new"u8) ? HiddenChange.New
        : word.SequenceEqual("removed"u8) ? HiddenChange.Removed
        : word.SequenceEqual("-"u8) ? HiddenChange.None
        : null;
}
