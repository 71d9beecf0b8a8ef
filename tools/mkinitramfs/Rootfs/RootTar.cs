using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// The tar archive that becomes the root file system: what <see cref="RootContent"/> lets through of the source, byte for
/// byte, and the image's name in os-release. The image UUID is derived from the whole, so it is written in last.
/// </summary>
internal sealed record RootTar
{
    private const int DirectoryPermissions = 0x1ed; // 0755
    private const int FilePermissions = 0x1a4; // 0644

    /// <summary>Where it lies.</summary>
    internal required string Path { get; init; }

    /// <summary>SHA-256 of the archive while its UUID is still all zeros.</summary>
    internal required byte[] ContentDigest { get; init; }

    private long UuidOffset { get; init; }

    /// <summary>Writes the archive, with zeros for the UUID, and with the files that the build adds.</summary>
    /// <exception cref="BuildException">The source has no os-release, or cannot become a root file system.</exception>
    internal static RootTar Write(TarArchive source, string path, string imageName, string imageVersion, long time, IReadOnlyList<AddedFile> added)
    {
        TarEntry osRelease = FindOsRelease(source);
        byte[] text = Encoding.UTF8.GetBytes(
            OsRelease.WithImage(Encoding.UTF8.GetString(source.Read(osRelease)), imageName, imageVersion, Guid.Empty));
        HashSet<string> replaced = [osRelease.Path, .. added.Select(file => file.Path)];
        List<TarEntry> kept = [.. source.Entries.Where(entry => RootContent.Holds(entry) && !replaced.Contains(entry.Path))];
        CheckHardLinks(source, kept, replaced);

        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Put(ReadOnlySpan<byte> bytes)
        {
            stream.Write(bytes);
            hash.AppendData(bytes);
        }

        void PutMember(string name, char type, int mode, byte[] data)
        {
            Put(TarFormat.Header(name, type, mode, data.Length, time));
            Put(data);
            Put(new byte[TarFormat.Padded(data.Length) - data.Length]);
        }

        foreach (TarEntry entry in kept)
        {
            source.CopyRange(entry.Offset, entry.End - entry.Offset, Put);
        }

        IEnumerable<(string Path, int Mode)> directories = RootContent.Directories.Concat(
            added.SelectMany(file => Parents(file.Path)).Distinct().Order(StringComparer.Ordinal).Select(path => (path, DirectoryPermissions)));
        foreach ((string directory, int mode) in directories.Where(wanted => !kept.Exists(entry => entry.Path == wanted.Path)))
        {
            PutMember($"./{directory}/", TarEntry.Directory, mode, []);
        }

        foreach (AddedFile file in added.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            PutMember($"./{file.Path}", TarEntry.File, FilePermissions, file.Content);
        }

        PutMember($"./{RootContent.MachineId}", TarEntry.File, Convert.ToInt32("444", 8), []);
        long uuidOffset = stream.Position + TarFormat.BlockSize + UuidIndex(text);
        PutMember($"./{osRelease.Path}", TarEntry.File, FilePermissions, text);
        Put(new byte[2 * TarFormat.BlockSize]);
        return new RootTar { Path = path, ContentDigest = hash.GetHashAndReset(), UuidOffset = uuidOffset };
    }

    /// <summary>Writes the image UUID in place of the zeros.</summary>
    internal void WriteUuid(Guid uuid)
    {
        using var stream = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.None);
        stream.Position = UuidOffset;
        stream.Write(Encoding.ASCII.GetBytes(uuid.ToString()));
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }

    private static int UuidIndex(byte[] text) => text.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(Guid.Empty.ToString()));

    private static TarEntry FindOsRelease(TarArchive source) =>
        source.FindFile(OsRelease.Path) ?? source.FindFile(OsRelease.OtherPath) ?? throw new BuildException(
            $"{source.Path} has no {OsRelease.Path}", "is it the archive of a root file system? Its members have to begin at the root");

    /// <summary>A hard link to what is left out would dangle.</summary>
    private static void CheckHardLinks(TarArchive source, List<TarEntry> kept, HashSet<string> replaced)
    {
        foreach (TarEntry link in kept.Where(entry => entry.Type == TarEntry.HardLink))
        {
            string target = TarArchive.Normalize(link.LinkTarget);
            if (replaced.Contains(target) || source.Find(target) is not { } entry || !RootContent.Holds(entry))
            {
                throw new BuildException($"{source.Path}: {link.Path} is a hard link to {target}, which is not part of the image");
            }
        }
    }
}
