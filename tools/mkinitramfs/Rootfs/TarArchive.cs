using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// A root file system as an uncompressed tar archive: indexed once, then read in place. It is never unpacked, so that no build
/// needs root or trusts the paths in it.
/// </summary>
internal sealed class TarArchive : IDisposable
{
    private const int MaximumEntries = 4_000_000;
    private const int MaximumLinks = 16;

    private readonly FileStream _stream;
    private readonly List<TarEntry> _entries = [];
    private readonly Dictionary<string, TarEntry> _byPath = new(StringComparer.Ordinal);

    private TarArchive(string path)
    {
        Path = path;
        _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
    }

    internal string Path { get; }

    /// <summary>All members, in the archive's order.</summary>
    internal IReadOnlyList<TarEntry> Entries => _entries;

    /// <exception cref="BuildException">It cannot be read, or is not a plain tar archive.</exception>
    internal static TarArchive Open(string path)
    {
        TarArchive archive;
        try
        {
            archive = new TarArchive(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path} cannot be read: {e.Message}", inner: e);
        }

        try
        {
            archive.ReadIndex();
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>The member of that name, if it has one; the last one where a name occurs twice, as unpacking would do.</summary>
    internal TarEntry? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The file that a path leads to, through symbolic links within the archive; null if there is none.</summary>
    internal TarEntry? FindFile(string path)
    {
        var parts = new LinkedList<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        var seen = new List<string>();
        int links = 0;
        TarEntry? entry = null;
        while (parts.First is { } part)
        {
            parts.RemoveFirst();
            switch (part.Value)
            {
                case ".":
                    continue;
                case "..":
                    if (seen.Count > 0)
                    {
                        seen.RemoveAt(seen.Count - 1);
                    }

                    continue;
            }

            seen.Add(part.Value);
            entry = Find(string.Join('/', seen));
            if (entry is null)
            {
                return null;
            }

            if (entry.Type == TarEntry.HardLink)
            {
                entry = Find(Normalize(entry.LinkTarget));
            }
            else if (entry.IsSymbolicLink)
            {
                if (++links > MaximumLinks)
                {
                    return null;
                }

                seen.RemoveAt(seen.Count - 1);
                if (entry.LinkTarget.StartsWith('/'))
                {
                    seen.Clear();
                }

                foreach (string word in entry.LinkTarget.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                {
                    parts.AddFirst(word);
                }
            }
        }

        return entry is { IsFile: true } ? entry : null;
    }

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="BuildException">It is longer than <paramref name="limit"/>, or the archive is cut short.</exception>
    internal byte[] Read(TarEntry entry, int limit = 256 << 20)
    {
        if (entry.Size > limit)
        {
            throw new BuildException($"{Path}: {entry.Path} has {entry.Size} bytes, at most {limit} are read");
        }

        return ReadRange(entry.DataOffset, entry.Size);
    }

    /// <summary>The text of a file, through symbolic links; null if there is none.</summary>
    internal string? ReadText(string path) => FindFile(path) is { } entry ? Encoding.UTF8.GetString(Read(entry)) : null;

    /// <summary>Copies bytes of the archive as they are.</summary>
    internal void CopyRange(long offset, long length, Action<ReadOnlySpan<byte>> to)
    {
        byte[] buffer = new byte[1 << 16];
        _stream.Position = offset;
        while (length > 0)
        {
            int count = (int)Math.Min(length, buffer.Length);
            _stream.ReadExactly(buffer, 0, count);
            to(buffer.AsSpan(0, count));
            length -= count;
        }
    }

    /// <summary>Bytes of the archive as they are.</summary>
    internal byte[] ReadRange(long offset, long length)
    {
        byte[] bytes = new byte[length];
        _stream.Position = offset;
        _stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A member's name without what says nothing: <c>./</c>, doubled slashes and a final slash.</summary>
    internal static string Normalize(string name) =>
        string.Join('/', name.Split('/').Where(part => part is not ("" or ".")));

    /// <summary>Every directory above a path, from the root's own on.</summary>
    internal static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }

    private void ReadIndex()
    {
        byte[] block = new byte[TarFormat.BlockSize];
        long position = 0;
        long start = 0;
        var extended = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (true)
        {
            _stream.Position = position;
            int read = _stream.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
            if (read == 0 || (read == block.Length && !block.AsSpan().ContainsAnyExcept((byte)0)))
            {
                break;
            }

            if (!TarFormat.TryParseHeader(block.AsSpan(0, read), out TarHeader header, out string error))
            {
                throw new BuildException(
                    $"{Path} at byte {position}: {error}", "it has to be an uncompressed tar archive (unpack .gz, .xz or .zst first)");
            }

            long dataOffset = position + TarFormat.BlockSize;
            if (dataOffset + header.Size > _stream.Length)
            {
                throw new BuildException($"{Path} at byte {position}: the archive ends within {header.Name}");
            }

            position = dataOffset + TarFormat.Padded(header.Size);
            switch (header.Type)
            {
                case TarFormat.PaxGlobalHeader:
                    start = position;
                    break;
                case TarFormat.PaxHeader or TarFormat.GnuLongName or TarFormat.GnuLongLink:
                    ReadExtended(header, dataOffset, extended);
                    break;
                default:
                    TarEntry entry = Entry(header, extended, start, dataOffset);
                    position = entry.End;
                    _entries.Add(entry);
                    _byPath[entry.Path] = entry;
                    extended.Clear();
                    start = position;
                    break;
            }

            if (_entries.Count > MaximumEntries)
            {
                throw new BuildException($"{Path} has more than {MaximumEntries} members");
            }
        }

        if (_entries.Count == 0)
        {
            throw new BuildException($"{Path} is an empty archive");
        }
    }

    private void ReadExtended(TarHeader header, long dataOffset, Dictionary<string, byte[]> extended)
    {
        if (header.Size > TarFormat.MaximumExtendedHeader)
        {
            throw new BuildException($"{Path} at byte {dataOffset}: an extended header of {header.Size} bytes");
        }

        byte[] data = new byte[header.Size];
        _stream.Position = dataOffset;
        _stream.ReadExactly(data);
        if (header.Type == TarFormat.PaxHeader)
        {
            if (!TarFormat.TryParseRecords(data, extended))
            {
                throw new BuildException($"{Path} at byte {dataOffset}: an extended header that is not valid");
            }
        }
        else
        {
            extended[header.Type == TarFormat.GnuLongName ? "path" : "linkpath"] = data.AsSpan().TrimEnd((byte)0).ToArray();
        }
    }

    private TarEntry Entry(TarHeader header, Dictionary<string, byte[]> extended, long start, long dataOffset)
    {
        string name = extended.TryGetValue("path", out byte[]? path) ? Encoding.UTF8.GetString(path) : header.Name;
        string link = extended.TryGetValue("linkpath", out byte[]? target) ? Encoding.UTF8.GetString(target) : header.LinkName;
        long size = header.Size;
        if (extended.TryGetValue("size", out byte[]? number) && (!TarFormat.TryDecimal(number, out size) || dataOffset + size > _stream.Length))
        {
            throw new BuildException($"{Path} at byte {start}: {name} has no valid size");
        }

        if (extended.Keys.FirstOrDefault(key => key.StartsWith("GNU.sparse.", StringComparison.Ordinal)) is not null || header.Type == 'S')
        {
            throw new BuildException($"{Path}: {name} is a sparse member", "make the archive without tar --sparse");
        }

        if (name.Split('/').Contains(".."))
        {
            throw new BuildException($"{Path}: a member's name has a \"..\" part: {name}");
        }

        char type = header.Type == '7' ? TarEntry.File : header.Type;
        // Links, directories and devices have no data, whatever an old tar wrote as their size.
        long dataSize = type is TarEntry.File ? size : 0;
        return new TarEntry(Normalize(name), type, header.Mode, link, start, dataOffset, dataSize)
        {
            Uid = Number("uid", header.Uid),
            Gid = Number("gid", header.Gid),
            Device = header.Device,
        };

        long Number(string key, long otherwise) => !extended.TryGetValue(key, out byte[]? text) ? otherwise
            : TarFormat.TryDecimal(text, out long value) ? value
            : throw new BuildException($"{Path} at byte {start}: {name} has no valid {key}");
    }

    /// <summary>For messages: how many members it has.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Path} ({_entries.Count} members)");
}
