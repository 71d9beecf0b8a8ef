using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Linux.Btrfs;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Control.Snapshots;

/// <summary>Looks at the top level of a btrfs volume, which is mounted nowhere in the running system.</summary>
internal static class SubvolumeSurvey
{
    private const string FileSystem = "btrfs";
    private const string TopLevel = "subvolid=5";
    private const string Unfinished = ".tmp-";

    /// <summary>Deeper than any path that a manifest names.</summary>
    private const int DeepestShared = 32;

    /// <summary>What is there.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="mounted">What is mounted at its mount point; null for nothing.</param>
    /// <param name="installed">Which image is in which slot.</param>
    internal static SubvolumeVolume Read(VolumeReport volume, MountedFileSystem? mounted, InstalledImages installed)
    {
        var found = new SubvolumeVolume(volume.Name, volume.MountPoint) { Images = [], Shared = [], Unfinished = [] };
        if (mounted is not { Type: FileSystem })
        {
            return found with { Problem = "not mounted" };
        }

        try
        {
            using PrivateMount top = PrivateMount.Make(mounted.Source, FileSystem, TopLevel);
            return Read(found, top.Path, installed);
        }
        catch (SyscallException e)
        {
            return found with { Problem = e.Message };
        }
    }

    /// <summary>The same of a top level that is mounted somewhere.</summary>
    internal static SubvolumeVolume Read(SubvolumeVolume volume, string top, InstalledImages installed)
    {
        var images = new List<ImageSubvolume>();
        var unfinished = new List<string>();
        var paths = new List<string>();
        foreach (string name in Subvolumes($"{top}/{ImageSubvolumes.Images}"))
        {
            string path = $"{top}/{ImageSubvolumes.Images}/{name}";
            if (Guid.TryParseExact(name, "D", out Guid image))
            {
                BtrfsSubvolumeInfo info = BtrfsSubvolume.InfoOf(path);
                (ImagePlace place, string? slot) = installed.PlaceOf(image);
                paths.Add(path);
                images.Add(new(image, place, slot) { Created = info.Created, Generation = info.Generation, Pending = ImageSubvolumes.IsPending(path) });
            }
            else if (name.StartsWith(Unfinished, StringComparison.Ordinal))
            {
                unfinished.Add($"{ImageSubvolumes.Images}/{name}");
            }
        }

        IReadOnlyDictionary<string, SubvolumeSize>? sizes = SubvolumeSizes.Of(paths, out string? problem);
        for (int i = 0; sizes is not null && i < images.Count; i++)
        {
            if (sizes.TryGetValue(paths[i], out SubvolumeSize size))
            {
                images[i] = images[i] with { Size = size };
            }
        }

        return volume with { Images = images, Shared = SharedPaths(top, volume.MountPoint), Unfinished = unfinished, Problem = problem };
    }

    /// <summary>A shared path is the subvolume at the end of plain directories.</summary>
    private static List<string> SharedPaths(string top, string mountPoint)
    {
        var shared = new List<string>();
        var waiting = new Stack<(string Path, int Depth)>();
        waiting.Push(("", 0));
        while (waiting.TryPop(out (string Path, int Depth) next))
        {
            string directory = $"{top}/{ImageSubvolumes.SharedDirectory}{next.Path}";
            foreach (string name in Directories(directory))
            {
                string path = $"{next.Path}/{name}";
                if (BtrfsSubvolume.Is($"{directory}/{name}"))
                {
                    shared.Add(mountPoint + path);
                }
                else if (next.Depth < DeepestShared)
                {
                    waiting.Push((path, next.Depth + 1));
                }
            }
        }

        shared.Sort(string.CompareOrdinal);
        return shared;
    }

    private static List<string> Subvolumes(string directory) => Directories(directory).FindAll(name => BtrfsSubvolume.Is($"{directory}/{name}"));

    /// <summary>Names of directories, in order; none where there is no such directory.</summary>
    private static List<string> Directories(string directory)
    {
        var names = new List<string>();
        if (FileStatus.TryOf(directory) is not { Kind: FileKind.Directory })
        {
            return names;
        }

        foreach (DirectoryEntry entry in DirectoryListing.Read(directory))
        {
            if (entry.Kind == FileKind.Directory)
            {
                names.Add(entry.Name);
            }
        }

        return names;
    }
}
