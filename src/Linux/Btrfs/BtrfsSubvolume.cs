using System;
using System.Collections.Generic;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux.Btrfs;

/// <summary>
/// Subvolumes of a mounted btrfs, by their paths. The last name of a path is never followed when it is a link. Source: linux/btrfs.h,
/// btrfs-ioctl(2).
/// </summary>
public static class BtrfsSubvolume
{
    /// <summary>BTRFS_SUPER_MAGIC. Source: linux/magic.h.</summary>
    public const ulong FileSystemMagic = 0x9123683e;

    /// <summary>BTRFS_FIRST_FREE_OBJECTID: the inode of each subvolume's root. Source: linux/btrfs_tree.h.</summary>
    internal const ulong RootInode = 256;

    /// <summary>BTRFS_IOCTL_MAGIC.</summary>
    private const byte Type = 0x94;

    /// <summary>The last second that <see cref="DateTimeOffset"/> knows, less those that the nanoseconds may add.</summary>
    private const ulong LastSecond = 253402300799 - 5;

    private const int TickInNanoseconds = 100;

    internal static readonly Ioctl<int> SyncRequest = new("BTRFS_IOC_SYNC", IoctlDirection.None, Type, 8);
    internal static readonly Ioctl<BtrfsVolumeArguments> SnapshotRequest = new("BTRFS_IOC_SNAP_CREATE_V2", IoctlDirection.Write, Type, 23);
    internal static readonly Ioctl<BtrfsVolumeArguments> CreateRequest = new("BTRFS_IOC_SUBVOL_CREATE_V2", IoctlDirection.Write, Type, 24);
    internal static readonly Ioctl<BtrfsSubvolumeArguments> InfoRequest = new("BTRFS_IOC_GET_SUBVOL_INFO", IoctlDirection.Read, Type, 60);
    internal static readonly Ioctl<BtrfsReferences> ReferencesRequest = new("BTRFS_IOC_GET_SUBVOL_ROOTREF", IoctlDirection.ReadWrite, Type, 61);
    internal static readonly Ioctl<BtrfsLookup> LookupRequest = new("BTRFS_IOC_INO_LOOKUP_USER", IoctlDirection.ReadWrite, Type, 62);
    internal static readonly Ioctl<BtrfsVolumeArguments> DeleteRequest = new("BTRFS_IOC_SNAP_DESTROY_V2", IoctlDirection.Write, Type, 63);

    /// <summary>Whether a path is the root directory of a subvolume, the top level too. What is not there is none.</summary>
    /// <exception cref="SyscallException">EIO: the file system cannot tell.</exception>
    public static bool Is(string path)
    {
        if (FileStatus.TryOf(path) is not { Kind: FileKind.Directory })
        {
            return false;
        }

        using SafeFileHandle directory = Open(path);
        return IsRoot(directory, path);
    }

    /// <summary>Makes an empty subvolume. Its owner is root and its mode 0777 without the process's umask.</summary>
    /// <exception cref="ArgumentException">The name has more than BTRFS_SUBVOL_NAME_MAX bytes, or the path names no entry.</exception>
    /// <exception cref="SyscallException">EEXIST: something is there; ENOTTY: the directory above is on no btrfs; ENOENT; ENOSPC; EROFS.</exception>
    public static void Create(string path)
    {
        using SafeFileHandle parent = OpenParent(path, out BtrfsVolumeArguments arguments);
        CreateRequest.Call(parent, ref arguments, path);
    }

    /// <summary>
    /// Makes a writable snapshot. When this returns it is on the disk, with what was written to the source before. Subvolumes in the
    /// source are empty directories in it.
    /// </summary>
    /// <param name="source">The root directory of a subvolume.</param>
    /// <param name="path">The snapshot, on the same file system and reached through the same mount.</param>
    /// <exception cref="ArgumentException">The name has more than BTRFS_SUBVOL_NAME_MAX bytes, or the path names no entry.</exception>
    /// <exception cref="SyscallException">EINVAL: the source is no subvolume's root; EEXIST: something is there; EXDEV: another file
    /// system; ENOSPC; EROFS.</exception>
    public static void Snapshot(string source, string path)
    {
        using SafeFileHandle from = Open(source);
        using SafeFileHandle parent = OpenParent(path, out BtrfsVolumeArguments arguments);
        arguments.Descriptor = from.DangerousGetHandle();
        SnapshotRequest.Call(parent, ref arguments, $"{source} to {path}");
    }

    /// <summary>
    /// Deletes a subvolume with all its files, read-only or not, and even if it is mounted: the kernel takes the mount away. Its space is
    /// free some time later.
    /// </summary>
    /// <returns>False: there are other subvolumes in it, which must go first.</returns>
    /// <exception cref="ArgumentException">The name has more than BTRFS_SUBVOL_NAME_MAX bytes, or the path names no entry.</exception>
    /// <exception cref="SyscallException">ENOENT: there is nothing; EINVAL, ENOTDIR: it is no subvolume; EPERM: it is the one that is
    /// mounted by default, or a swap file in it is in use; EROFS: the file system is.</exception>
    public static bool TryDelete(string path)
    {
        using SafeFileHandle parent = OpenParent(path, out BtrfsVolumeArguments arguments);
        Errno errno = DeleteRequest.Try(parent, ref arguments);
        return errno switch
        {
            Errno.None => true,
            Errno.ENOTEMPTY => false,
            _ => throw new SyscallException(DeleteRequest.Name, path, errno),
        };
    }

    /// <summary>What the file system knows of a subvolume.</summary>
    /// <exception cref="SyscallException">EINVAL: the path is no subvolume's root; ENOENT: it is not there; ENOTDIR.</exception>
    public static BtrfsSubvolumeInfo InfoOf(string path)
    {
        using SafeFileHandle directory = OpenRoot(path, InfoRequest.Name);
        BtrfsSubvolumeArguments found = default;
        InfoRequest.Call(directory, ref found, path);
        return new(found.TreeId, found.Generation, found.ParentId, Moment(found.OriginTime));
    }

    /// <summary>The subvolumes that lie directly in a subvolume, not those within them.</summary>
    /// <returns>Their paths from that subvolume's root, in ordinal order; as names of <see cref="DirectoryEntry"/> they are any bytes.</returns>
    /// <exception cref="SyscallException">EINVAL: the path is no subvolume's root; ENAMETOOLONG: one lies deeper than 3823 bytes; ENOENT.</exception>
    public static IReadOnlyList<string> Nested(string path)
    {
        using SafeFileHandle directory = OpenRoot(path, ReferencesRequest.Name);
        var found = new List<string>();
        BtrfsReferences page = default;
        Errno errno;
        do
        {
            // The kernel fills a page, and sets where the next one starts; EOVERFLOW: there is one.
            errno = ReferencesRequest.Try(directory, ref page);
            if (errno is not (Errno.None or Errno.EOVERFLOW))
            {
                throw new SyscallException(ReferencesRequest.Name, path, errno);
            }

            for (int i = 0; i < page.Count; i++)
            {
                found.Add(PathOf(directory, page.References[i], path));
            }
        }
        while (errno == Errno.EOVERFLOW);

        found.Sort(string.CompareOrdinal);
        return found;
    }

    /// <summary>Waits until all that was written to the file system of this directory is on its disk.</summary>
    /// <exception cref="SyscallException">ENOTTY: it is no btrfs; EIO, ENOSPC: something could not be written.</exception>
    public static void Sync(string path)
    {
        using SafeFileHandle directory = KernelFile.OpenDirectory(path);
        int none = 0;
        SyncRequest.Call(directory, ref none, path);
    }

    private static SafeFileHandle Open(string path) => KernelFile.Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

    /// <summary>The kernel would answer for any file with the subvolume that the file is in.</summary>
    private static SafeFileHandle OpenRoot(string path, string call)
    {
        SafeFileHandle directory = Open(path);
        if (!IsRoot(directory, path))
        {
            directory.Dispose();
            throw new SyscallException(call, path, Errno.EINVAL);
        }

        return directory;
    }

    private static bool IsRoot(SafeFileHandle directory, string path) =>
        FileStatus.Of(directory, path).Inode == RootInode && FileSystemSpace.Of(directory, path).Magic == FileSystemMagic;

    private static SafeFileHandle OpenParent(string path, out BtrfsVolumeArguments arguments)
    {
        (string parent, string name) = PathName.Split(path);
        byte[] bytes = NativeText.Terminated(name);
        if (bytes.Length - 1 > BtrfsVolumeArguments.LongestName)
        {
            throw new ArgumentException($"a name of more than {BtrfsVolumeArguments.LongestName} bytes", nameof(path));
        }

        arguments = default;
        bytes.CopyTo(arguments.Name);
        return KernelFile.OpenDirectory(parent);
    }

    private static string PathOf(SafeFileHandle directory, in BtrfsReferences.Reference reference, string subject)
    {
        var lookup = new BtrfsLookup { DirectoryId = reference.DirectoryId, TreeId = reference.TreeId };
        LookupRequest.Call(directory, ref lookup, subject);
        return Text(lookup.Path) + Text(lookup.Name);
    }

    private static string Text(ReadOnlySpan<byte> field) => NativeText.Decode(field[..field.IndexOf((byte)0)]);

    private static DateTimeOffset Moment(in BtrfsTime time) => time.Seconds > LastSecond
        ? DateTimeOffset.UnixEpoch
        : DateTimeOffset.FromUnixTimeSeconds((long)time.Seconds).AddTicks(time.Nanoseconds / TickInNanoseconds);
}
