using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.Overlay;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>Listings of what the root has below directories, for devices to compare an upper layer with.</summary>
/// <param name="directories">Absolute paths in the root.</param>
internal sealed class RootListing(IEnumerable<string> directories)
{
    private static readonly ListedDigest _impliedDirectory = Digest(TarEntry.Directory, 0x1ed /* 0755 */, 0, 0, _ => { });

    private readonly (string Directory, Dictionary<string, ListedDigest> Entries)[] _listings =
        [.. directories.Select(directory => (directory, new Dictionary<string, ListedDigest>(StringComparer.Ordinal)))];

    /// <summary>Takes in a member of the root; the last one counts where a path occurs twice.</summary>
    /// <param name="path">In the root.</param>
    /// <param name="type">As in <see cref="TarEntry"/>, and no hard link.</param>
    /// <param name="mode">Permission bits.</param>
    /// <param name="uid">Owner.</param>
    /// <param name="gid">Group.</param>
    /// <param name="content">Gives a file's bytes, a link's target or a device's number.</param>
    internal void Add(string path, char type, int mode, long uid, long gid, Action<IncrementalHash> content)
    {
        ListedDigest? digest = null;
        foreach ((string directory, Dictionary<string, ListedDigest> entries) in _listings)
        {
            if (RelativeTo(directory, path) is { } relative)
            {
                digest ??= Digest(type, mode, uid, gid, content);
                entries[relative] = digest.Value;
            }
        }
    }

    /// <summary>The listings, as files of the root.</summary>
    internal IEnumerable<AddedFile> Files()
    {
        foreach ((string directory, Dictionary<string, ListedDigest> entries) in _listings)
        {
            foreach (string parent in entries.Keys.SelectMany(TarArchive.Parents).ToHashSet())
            {
                entries.TryAdd(parent, _impliedDirectory);
            }

            byte[] text = LowerListing.Write(entries);
            yield return text.Length <= LowerListing.MaximumLength
                ? new AddedFile(LowerListing.PathOf(directory).TrimStart('/'), text)
                : throw new BuildException($"overlay {directory}: the root has more there than a device compares with a kept layer",
                    "make the overlay over a smaller directory");
        }
    }

    /// <summary>A path from a directory on; null for what is not below it, and for the listings themselves.</summary>
    private static string? RelativeTo(string directory, string path)
    {
        string absolute = $"/{path}";
        if (!absolute.StartsWith(directory + "/", StringComparison.Ordinal) || absolute.StartsWith(LowerListing.Directory + "/", StringComparison.Ordinal))
        {
            return null;
        }

        return path.Contains('\ufffd', StringComparison.Ordinal)
            ? throw new BuildException($"overlay {directory}: a name in the root is no UTF-8: {path}", "rename it, or do not keep that overlay")
            : absolute[(directory.Length + 1)..];
    }

    /// <summary>SHA-256 over one line (kind as find -printf %y says it, octal mode, owner, group) and the content.</summary>
    private static ListedDigest Digest(char type, int mode, long uid, long gid, Action<IncrementalHash> content)
    {
        char kind = type switch
        {
            TarEntry.File => 'f',
            TarEntry.SymbolicLink => 'l',
            TarEntry.CharacterDevice => 'c',
            TarEntry.BlockDevice => 'b',
            TarEntry.Directory => 'd',
            TarEntry.Pipe => 'p',
            _ => type,
        };
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes($"{kind} {Convert.ToString(mode, 8)} {uid} {gid}\n"));
        content(hash);
        return ListedDigest.Of(hash.GetHashAndReset(), type == TarEntry.Directory);
    }
}
