using System;
using System.Collections.Generic;
using System.Text;

namespace InitRuntime.Formats.Overlay;

/// <summary>
/// What an image has below a directory that gets an overlay: a line for each entry with a digest, a space and the escaped path relative
/// to the directory, sorted by their bytes. The build puts it into the root; the device keeps a copy with the upper layer, and so sees
/// what a later image changed.
/// </summary>
public sealed class LowerListing
{
    /// <summary>Where the root has its listings.</summary>
    public const string Directory = "/usr/lib/initruntime/overlay";

    /// <summary>The largest listing, in bytes: some hundred thousand entries.</summary>
    public const int MaximumLength = 64 << 20;

    private readonly PathTable<ListedDigest> _entries;

    private LowerListing(PathTable<ListedDigest> entries) => _entries = entries;

    /// <summary>A listing of nothing.</summary>
    public static LowerListing Empty { get; } = new(new PathTable<ListedDigest>([], []));

    /// <summary>Where the root has the listing of a directory.</summary>
    public static string PathOf(string directory) => $"{Directory}/{NameOf(directory)}.list";

    /// <summary>A directory as one part of a path: <c>/opt/data</c> is <c>opt-data</c>. Source: systemd.unit(5), string escaping of paths.</summary>
    public static string NameOf(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var name = new StringBuilder();
        foreach (byte b in Encoding.UTF8.GetBytes(directory.Trim('/')))
        {
            char c = (char)b;
            if (c == '/')
            {
                name.Append('-');
            }
            else if (char.IsAsciiLetterOrDigit(c) || c is ':' or '_' || (c == '.' && name.Length > 0))
            {
                name.Append(c);
            }
            else
            {
                name.Append($"\\x{b:x2}");
            }
        }

        return name.Length == 0 ? "-" : name.ToString();
    }

    /// <summary>The bytes of a listing.</summary>
    /// <param name="entries">Relative paths, each once, with their digests.</param>
    public static byte[] Write(IReadOnlyCollection<KeyValuePair<string, ListedDigest>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var lines = new List<(byte[] Path, ListedDigest Digest)>(entries.Count);
        foreach ((string path, ListedDigest digest) in entries)
        {
            var word = new List<byte>(path.Length);
            EscapedPath.Append(word, path);
            lines.Add((word.ToArray(), digest));
        }

        lines.Sort((a, b) => a.Path.AsSpan().SequenceCompareTo(b.Path));
        var text = new List<byte>();
        foreach ((byte[] path, ListedDigest digest) in lines)
        {
            text.AddRange(Encoding.ASCII.GetBytes($"{digest} "));
            text.AddRange(path);
            text.Add((byte)'\n');
        }

        return text.ToArray();
    }

    /// <summary>Reads a listing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out LowerListing value, out ParseError error)
    {
        value = Empty;
        error = text.Length > MaximumLength ? new($"longer than {MaximumLength} bytes") : default;
        var paths = new List<string>();
        var digests = new List<ListedDigest>();
        ReadOnlySpan<byte> before = default;
        while (!text.IsEmpty && !error.IsError)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = text[..Math.Max(end, 0)];
            if (line.Length < ListedDigest.TextLength + 2 || line[ListedDigest.TextLength] != ' '
                || !ListedDigest.TryParse(line[..ListedDigest.TextLength], out ListedDigest digest)
                || !EscapedPath.TryRead(line[(ListedDigest.TextLength + 1)..], out string path) || !IsRelative(path))
            {
                error = new($"line {paths.Count + 1}: not a digest and a relative path");
                break;
            }

            ReadOnlySpan<byte> word = line[(ListedDigest.TextLength + 1)..];
            error = word.SequenceCompareTo(before) > 0 ? default : new($"line {paths.Count + 1}: not sorted");
            before = word;
            paths.Add(path);
            digests.Add(digest);
            text = text[(end + 1)..];
        }

        if (!error.IsError)
        {
            value = new LowerListing(new PathTable<ListedDigest>(paths.ToArray(), digests.ToArray()));
        }

        return !error.IsError;
    }

    /// <summary>The digest of an entry, if the image has it.</summary>
    internal ListedDigest? Find(string path) => _entries.Find(path);

    /// <summary>All that the image has below an entry.</summary>
    internal ReadOnlySpan<string> Below(string path) => _entries.Below(path);

    /// <summary>Whether a path is relative and normal: no empty, "." or ".." part.</summary>
    internal static bool IsRelative(string path)
    {
        foreach (Range part in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(part) is "" or "." or "..")
            {
                return false;
            }
        }

        return true;
    }
}
