using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Snapshots;

/// <summary>
/// What lies on a volume and yet belongs to the image: the volume gets a symbolic link to the root's read-only side, as the root itself
/// has it. So dpkg's database is always that of the image that runs.
/// </summary>
public static class ImagePaths
{
    private const int DirectoryMode = 0x1ed; // 0755

    /// <summary>Puts the links in place; where they are already, this only looks.</summary>
    /// <param name="volume">The volume's settings.</param>
    /// <param name="data">Where the volume's data are mounted, or being made.</param>
    /// <param name="work">Called now and then during long work.</param>
    public static void Ensure(VolumeSettings volume, string data, Action work)
    {
        ArgumentNullException.ThrowIfNull(volume);
        foreach (string path in volume.ImagePaths)
        {
            string place = data + path[volume.MountPoint.Length..];
            string link = ImagePath.LinkOf(path);
            if (SymbolicLink.TryRead(place) == link)
            {
                continue;
            }

            MakeParents(data, place);
            if (FileStatus.TryOf(place) is { Kind: FileKind.Directory })
            {
                FileTree.Remove(place, work);
            }

            SymbolicLink.Replace(place, link);
        }
    }

    /// <summary>Makes the directories above a place. A symbolic link in the way could lead out of the volume.</summary>
    /// <exception cref="BootException">Something that is no directory is in the way.</exception>
    public static void MakeParents(string data, string place)
    {
        for (int end = place.IndexOf('/', data.Length + 1); end > 0; end = place.IndexOf('/', end + 1))
        {
            string parent = place[..end];
            if (FileStatus.TryOf(parent) is not { } status)
            {
                KernelFile.MakeDirectory(parent, DirectoryMode);
            }
            else if (status.Kind != FileKind.Directory)
            {
                throw new BootException($"{parent[data.Length..]} on the volume is no directory, and {place[data.Length..]} belongs below it");
            }
        }
    }
}
