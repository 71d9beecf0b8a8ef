using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>Writes the archive of a root, member by member, with a digest over the whole and listings of parts of it.</summary>
/// <param name="path">The new archive.</param>
/// <param name="time">Of all that is added, in seconds since 1970.</param>
/// <param name="listed">Directories of which there are listings.</param>
internal sealed class RootTarWriter(string path, long time, IEnumerable<string> listed) : IDisposable
{
    private const int DirectoryPermissions = 0x1ed; // 0755
    private const int FilePermissions = 0x1a4; // 0644
    private const int ProgramPermissions = 0x1ed; // 0755
    private const int SecretPermissions = 0x180; // 0600
    private const int LinkPermissions = 0x1ff; // 0777
    private const int MaximumHardLinks = 16;

    private readonly FileStream _stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private readonly RootListing _listing = new(listed);

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }

    /// <summary>Copies a member byte by byte, but for the names of what is moved, or leads there.</summary>
    /// <exception cref="BuildException">It lies where moved ones go, or its name cannot be moved.</exception>
    internal void Copy(TarArchive source, TarEntry entry, ImagePaths moved)
    {
        string name = moved.Moved(entry.Path);
        string link = entry.Type switch
        {
            TarEntry.HardLink when moved.Moves(TarArchive.Normalize(entry.LinkTarget)) => $"./{moved.Moved(TarArchive.Normalize(entry.LinkTarget))}",
            TarEntry.SymbolicLink => moved.MovedTarget(entry.Path, entry.LinkTarget),
            _ => entry.LinkTarget,
        };
        if (name == entry.Path && link == entry.LinkTarget)
        {
            Check(entry, moved);
            source.CopyRange(entry.Offset, entry.End - entry.Offset, Put);
        }
        else if (name.Contains('\ufffd', StringComparison.Ordinal) || link.Contains('\ufffd', StringComparison.Ordinal))
        {
            throw new BuildException($"{source.Path}: volume.image-paths cannot move {entry.Path}, whose name or target is no UTF-8", "rename it");
        }
        else
        {
            byte[] headers = source.ReadRange(entry.Offset, entry.DataOffset - entry.Offset);
            Put(TarFormat.Renamed(headers, $"./{name}{(entry.IsDirectory ? "/" : "")}", link));
            source.CopyRange(entry.DataOffset, entry.End - entry.DataOffset, Put);
        }

        _paths.Add(name);
        TarEntry inode = InodeOf(source, entry);
        _listing.Add(name, inode.Type, inode.Mode, inode.Uid, inode.Gid, hash => Content(source, inode, inode == entry ? link : inode.LinkTarget, hash));
    }

    /// <summary>Adds those directories that the root does not have yet.</summary>
    internal void AddMissing(IEnumerable<(string Path, int Mode)> directories)
    {
        foreach ((string directory, int mode) in directories.Where(directory => !_paths.Contains(directory.Path)))
        {
            AddMember(directory, TarEntry.Directory, mode, [], "");
        }
    }

    /// <summary>Adds the directories above these paths that the root does not have yet.</summary>
    internal void AddMissingAbove(IEnumerable<string> paths) =>
        AddMissing(paths.SelectMany(TarArchive.Parents).Distinct().Order(StringComparer.Ordinal).Select(path => (path, DirectoryPermissions)));

    internal void AddLink(string name, string target) => AddMember(name, TarEntry.SymbolicLink, LinkPermissions, [], target);

    /// <summary>Adds a file; gives the place of its content in the archive, in bytes.</summary>
    internal long AddFile(AddedFile file) => AddFile(file, file.IsSecret ? SecretPermissions : file.IsProgram ? ProgramPermissions : FilePermissions);

    /// <inheritdoc cref="AddFile(AddedFile)"/>
    internal long AddFile(AddedFile file, int mode) => AddMember(file.Path, TarEntry.File, mode, file.Content, "");

    /// <summary>Adds the listings of all that was added so far.</summary>
    internal void AddListings()
    {
        AddedFile[] files = [.. _listing.Files()];
        AddMissingAbove(files.Select(file => file.Path));
        foreach (AddedFile file in files)
        {
            AddFile(file);
        }
    }

    /// <summary>Ends the archive; gives its SHA-256.</summary>
    internal byte[] Finish()
    {
        Put(new byte[2 * TarFormat.BlockSize]);
        return _hash.GetHashAndReset();
    }

    private long AddMember(string name, char type, int mode, byte[] content, string link)
    {
        Put(TarFormat.Header($"./{name}{(type == TarEntry.Directory ? "/" : "")}", type, mode, content.Length, time, link));
        long place = _stream.Position;
        Put(content);
        Put(new byte[TarFormat.Padded(content.Length) - content.Length]);
        _paths.Add(name);
        _listing.Add(name, type, mode, 0, 0, hash => hash.AppendData(type == TarEntry.File ? content : Encoding.UTF8.GetBytes(link)));
        return place;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _hash.AppendData(bytes);
    }

    /// <summary>A root that has something where moved ones go would get it twice.</summary>
    private static void Check(TarEntry entry, ImagePaths moved)
    {
        if ($"/{entry.Path}/".StartsWith(ImagePath.Directory + "/", StringComparison.Ordinal) && moved.Links.Any())
        {
            throw new BuildException($"the root file system has /{entry.Path} already, where volume.image-paths moves things to", "remove it from the root");
        }
    }

    /// <summary>What a hard link is a name of; any other member itself.</summary>
    private static TarEntry InodeOf(TarArchive source, TarEntry entry)
    {
        for (int links = 0; entry.Type == TarEntry.HardLink && links < MaximumHardLinks; links++)
        {
            entry = source.Find(TarArchive.Normalize(entry.LinkTarget)) ?? entry;
        }

        return entry;
    }

    private static void Content(TarArchive source, TarEntry inode, string link, IncrementalHash hash)
    {
        if (inode.IsFile)
        {
            source.CopyRange(inode.DataOffset, inode.Size, hash.AppendData);
        }
        else
        {
            hash.AppendData(Encoding.UTF8.GetBytes(inode.Device.Length > 0 ? inode.Device : link));
        }
    }
}
