using System;
using System.Collections.Generic;
using System.Diagnostics;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Linux.Btrfs;

namespace InitRuntime.Storage.Snapshots;

/// <summary>
/// The subvolumes of a btrfs volume, each the data of one image: found, taken as a snapshot, cleaned up. A usual boot mounts
/// <c>@images/UUID</c> and is done. What is made gets its name at last, so a power cut leaves the old state or the new one.
/// </summary>
/// <param name="top">Where the volume's top level is mounted, and nothing else sees it.</param>
/// <param name="volume">Its settings.</param>
/// <param name="state">Which image runs, and which are installed.</param>
/// <param name="work">Called now and then during long work.</param>
public sealed class ImageSubvolumes(string top, VolumeSettings volume, ImageState state, Action work)
{
    /// <summary>The directory of the images' subvolumes, in the top level.</summary>
    public const string Images = "@images";

    /// <summary>The directory of what all images share.</summary>
    public const string SharedDirectory = "@shared";

    /// <summary>The subvolume of upper layers that all images share.</summary>
    public const string Overlays = "@overlays";

    /// <summary>On the root directory of an image's subvolume, while there may be others to clean up.</summary>
    public const string PendingAttribute = "trusted.initruntime.pending";

    private const string Unfinished = ".tmp-";
    private const int PrivateMode = 0x1c0; // 0700

    /// <summary>The mount option for the data of an image.</summary>
    public static string OptionOf(Guid image) => $"subvol={Images}/{image}";

    /// <summary>The mount option for a directory that all images share, <paramref name="relative"/> to the volume's mount point.</summary>
    public static string SharedOptionOf(string relative) => $"subvol={SharedDirectory}/{relative}";

    /// <summary>Whether others may have to be cleaned up; one look at the mounted data of an image.</summary>
    public static bool IsPending(string mounted) => ExtendedAttribute.TryGet(mounted, PendingAttribute, 64) is not null;

    /// <summary>Makes the data of this image: a snapshot of its predecessor's, or else what the image brings.</summary>
    /// <param name="template">What the image has at the mount point: a new volume begins with it.</param>
    /// <param name="copy">Copies what a directory holds into another: from, to.</param>
    /// <exception cref="BootException">The volume is too full.</exception>
    public SnapshotReport Make(string template, Action<string, string> copy)
    {
        ArgumentNullException.ThrowIfNull(copy);
        long start = Stopwatch.GetTimestamp();
        KernelFile.MakePath(PathOf(Images), PrivateMode);
        KernelFile.MakePath(PathOf(SharedDirectory), PrivateMode);
        RemoveUnfinished();
        (string? source, Guid? from, string action) = FindSource();
        string making = PathOf($"{Images}/{Unfinished}{state.Image}");
        if (source is null)
        {
            BtrfsSubvolume.Create(making);
            copy(template, making);
        }
        else
        {
            CheckRoom();
            BtrfsSubvolume.Snapshot(source, making);
        }

        double taken = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1);
        if (action == "adopted")
        {
            // What the snapshot shows of the directories that hold it.
            FileTree.Remove($"{making}/{Images}", work);
            FileTree.Remove($"{making}/{SharedDirectory}", work);
        }

        ImagePaths.Ensure(volume, making, work);
        foreach (string path in volume.SharedPaths)
        {
            MakeShared(path, making, copy);
        }

        if (source is not null)
        {
            ExtendedAttribute.Set(making, PendingAttribute, "1"u8);
            if (from is not null)
            {
                // Should this image fail, its predecessor finds out that there is something to clean up.
                ExtendedAttribute.Set(source, PendingAttribute, "1"u8);
            }
        }

        BtrfsSubvolume.Sync(top);
        KernelFile.Rename(making, PathOf($"{Images}/{state.Image}"));
        BtrfsSubvolume.Sync(top);
        return new SnapshotReport { Provider = "btrfs", Action = action, From = from, Pending = source is not null, Milliseconds = taken };
    }

    /// <summary>Makes a shared directory again that somebody took away, or the subvolume of shared upper layers.</summary>
    public void MakeMissing(string relative)
    {
        string path = PathOf(relative);
        if (!BtrfsSubvolume.Is(path))
        {
            ImagePaths.MakeParents(top, path);
            BtrfsSubvolume.Create(path);
            BtrfsSubvolume.Sync(top);
        }
    }

    /// <summary>Removes the data of images that are in no slot, and what was there before images had their own.</summary>
    /// <returns>What was removed; null if nothing could be done because a slot is not known.</returns>
    public IReadOnlyList<string>? CleanUp()
    {
        if (!state.IsConfirmed || !state.AllSlotsAreKnown)
        {
            return null;
        }

        RemoveUnfinished();
        var removed = new List<string>();
        foreach (Guid image in Owners())
        {
            if (!state.IsInstalled(image))
            {
                Delete(PathOf($"{Images}/{image}"));
                removed.Add($"{image}");
            }
        }

        if (OthersHaveTheirOwn())
        {
            foreach (string old in OldContent())
            {
                work();
                Delete(PathOf(old));
                removed.Add(old);
            }
        }

        BtrfsSubvolume.Sync(top);
        ExtendedAttribute.Remove(PathOf($"{Images}/{state.Image}"), PendingAttribute);
        BtrfsSubvolume.Sync(top);
        return removed;
    }

    private string PathOf(string relative) => $"{top}/{relative}";

    private (string? Source, Guid? From, string Action) FindSource()
    {
        List<Guid> owners = Owners();
        if (state.Predecessor is { } predecessor && owners.Contains(predecessor))
        {
            return (PathOf($"{Images}/{predecessor}"), predecessor, "taken");
        }

        // No slot tells: both were written anew, say. The data that were used last are the device's.
        Guid? last = null;
        ulong generation = 0;
        foreach (Guid image in owners)
        {
            ulong of = BtrfsSubvolume.InfoOf(PathOf($"{Images}/{image}")).Generation;
            if (last is null || of > generation)
            {
                (last, generation) = (image, of);
            }
        }

        return last is { } found ? (PathOf($"{Images}/{found}"), found, "taken")
            : OldContent().Count > 0 ? (top, null, "adopted")
            : (null, null, "seeded");
    }

    /// <summary>Images that have a subvolume here, this one excepted.</summary>
    private List<Guid> Owners()
    {
        var owners = new List<Guid>();
        foreach ((string name, FileKind kind) in DirectoryListing.Read(PathOf(Images)))
        {
            if (kind == FileKind.Directory && Guid.TryParseExact(name, "D", out Guid image) && image != state.Image && BtrfsSubvolume.Is(PathOf($"{Images}/{name}")))
            {
                owners.Add(image);
            }
        }

        return owners;
    }

    /// <summary>What the top level holds from the time before images had their own data.</summary>
    private List<string> OldContent()
    {
        var names = new List<string>();
        foreach ((string name, _) in DirectoryListing.Read(top))
        {
            if (name is not (Images or SharedDirectory or Overlays))
            {
                names.Add(name);
            }
        }

        return names;
    }

    /// <summary>An image of another slot that has no subvolume here would go back to the old content.</summary>
    private bool OthersHaveTheirOwn()
    {
        foreach (var slot in state.Others)
        {
            if (slot.Image is { } image && image != state.Image && !BtrfsSubvolume.Is(PathOf($"{Images}/{image}")))
            {
                return false;
            }
        }

        return true;
    }

    private void CheckRoom()
    {
        ulong free = FileSystemSpace.Of(top).FreeBytes;
        if (free < (ulong)volume.MinimumFreeBytes)
        {
            throw new BootException(
                $"volume {volume.Name} is too full for a snapshot: {free >> 20} MiB are free, wanted {volume.MinimumFreeBytes >> 20}",
                hint: "remove files in the image before, or lower minimum-free");
        }
    }

    /// <summary>What all images share begins with what the image at hand has there, and is whole when it gets its name.</summary>
    private void MakeShared(string path, string making, Action<string, string> copy)
    {
        string relative = path[(volume.MountPoint.Length + 1)..];
        string shared = PathOf($"{SharedDirectory}/{relative}");
        string place = $"{making}/{relative}";
        ImagePaths.MakeParents(making, place + "/");
        if (!BtrfsSubvolume.Is(shared))
        {
            string unfinished = PathOf($"{SharedDirectory}/{Unfinished}{relative.Replace('/', '-')}");
            BtrfsSubvolume.Create(unfinished);
            KernelFile.CopyOwnerAndMode(place, unfinished);
            copy(place, unfinished);
            BtrfsSubvolume.Sync(top);
            ImagePaths.MakeParents(top, shared);
            KernelFile.Rename(unfinished, shared);
        }

        foreach ((string name, _) in DirectoryListing.Read(place))
        {
            Delete($"{place}/{name}");
        }
    }

    private void RemoveUnfinished()
    {
        foreach (string directory in (string[])[Images, SharedDirectory])
        {
            foreach ((string name, _) in DirectoryListing.Read(PathOf(directory)))
            {
                if (name.StartsWith(Unfinished, StringComparison.Ordinal))
                {
                    Delete(PathOf($"{directory}/{name}"));
                }
            }
        }
    }

    /// <summary>Deletes a subvolume with those within it, or a tree of files.</summary>
    private void Delete(string path)
    {
        if (!BtrfsSubvolume.Is(path))
        {
            FileTree.Remove(path, work);
            return;
        }

        var waiting = new Stack<string>([path]);
        while (waiting.TryPeek(out string? next))
        {
            work();
            if (BtrfsSubvolume.TryDelete(next))
            {
                waiting.Pop();
                continue;
            }

            int before = waiting.Count;
            foreach (string nested in BtrfsSubvolume.Nested(next))
            {
                waiting.Push($"{next}/{nested}");
            }

            if (waiting.Count == before)
            {
                throw new BootException($"subvolume {next} cannot be deleted: it is said to hold others, and has none");
            }
        }
    }
}
