using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats.Overlay;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// The tar archive that becomes the root file system: what <see cref="RootContent"/> lets through of the source, byte for
/// byte, and the image's name in os-release. The image UUID is derived from the whole, so it is written in last.
/// </summary>
internal sealed record RootTar
{
    /// <summary>Where it lies.</summary>
    internal required string Path { get; init; }

    /// <summary>SHA-256 of the archive while its UUID is still all zeros.</summary>
    internal required byte[] ContentDigest { get; init; }

    private long UuidOffset { get; init; }

    /// <summary>Writes the archive, with zeros for the UUID.</summary>
    /// <exception cref="BuildException">The source has no os-release, or cannot become a root file system.</exception>
    internal static RootTar Write(TarArchive source, string path, RootChanges changes)
    {
        TarEntry osRelease = FindOsRelease(source);
        byte[] text = Encoding.UTF8.GetBytes(OsRelease.WithImage(
            Encoding.UTF8.GetString(source.Read(osRelease)), changes.ImageName, changes.ImageVersion, Guid.Empty));
        HashSet<string> replaced =
            [osRelease.Path, .. changes.Added.Select(file => file.Path), .. changes.Listed.Select(path => LowerListing.PathOf(path).TrimStart('/'))];
        List<TarEntry> kept = [.. source.Entries.Where(entry => RootContent.Holds(entry) && !replaced.Contains(entry.Path))];
        CheckHardLinks(source, kept, replaced);

        using var writer = new RootTarWriter(path, changes.Time, changes.Listed);
        var moved = new ImagePaths(changes.ImagePaths);
        foreach (TarEntry entry in kept)
        {
            writer.Copy(source, entry, moved);
        }

        writer.AddMissing(RootContent.Directories);
        writer.AddMissingAbove([.. changes.Added.Select(file => file.Path), .. moved.Links.Select(link => moved.Moved(link.Path))]);
        foreach ((string link, string target) in moved.Links)
        {
            writer.AddLink(link, target);
        }

        foreach (AddedFile file in changes.Added.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            writer.AddFile(file);
        }

        writer.AddFile(new AddedFile(RootContent.MachineId, []), Convert.ToInt32("444", 8));
        // The listings know os-release without its UUID: what they are for is to tell changes, and that one is none.
        long uuidOffset = writer.AddFile(new AddedFile(osRelease.Path, text)) + UuidIndex(text);
        writer.AddListings();
        return new RootTar { Path = path, ContentDigest = writer.Finish(), UuidOffset = uuidOffset };
    }

    /// <summary>Writes the image UUID in place of the zeros.</summary>
    internal void WriteUuid(Guid uuid)
    {
        using var stream = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.None);
        stream.Position = UuidOffset;
        stream.Write(Encoding.ASCII.GetBytes(uuid.ToString()));
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
