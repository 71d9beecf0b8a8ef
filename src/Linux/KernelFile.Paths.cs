using System;
using System.Collections.Generic;
using System.IO;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <content>What is done to a path: directories, links, names and what stat(2) tells.</content>
public static unsafe partial class KernelFile
{
    /// <summary>RESOLVE_IN_ROOT. Source: linux/openat2.h.</summary>
    private const ulong ResolveInRoot = 0x10;

    /// <summary>Makes a directory; one that is there already is fine.</summary>
    public static void MakeDirectory(string path, int mode)
    {
        fixed (byte* name = NativeText.Terminated(path))
        {
            int result = mkdir(name, (mode_t)(uint)mode);
            if (result < 0 && Syscall.LastErrno != Errno.EEXIST)
            {
                Syscall.Check(result, "mkdir", path);
            }
        }
    }

    /// <summary>Makes a symbolic link; one that is there already is fine.</summary>
    public static void MakeLink(string path, string target)
    {
        fixed (byte* from = NativeText.Terminated(path), to = NativeText.Terminated(target))
        {
            int result = symlink(to, from);
            if (result < 0 && Syscall.LastErrno != Errno.EEXIST)
            {
                Syscall.Check(result, "symlink", path);
            }
        }
    }

    /// <summary>Whether a path is there, links followed.</summary>
    public static bool Exists(string path)
    {
        fixed (byte* name = NativeText.Terminated(path))
        {
            return access(name, 0) == 0;
        }
    }

    /// <summary>Whether a path is there below another root: symbolic links, absolute ones too, are followed as if that were the
    /// root.</summary>
    /// <exception cref="SyscallException">EIO: the file system cannot be read there.</exception>
    public static bool ExistsBelow(string root, string path)
    {
        using SafeFileHandle directory = OpenDirectory(root);
        var how = new open_how { flags = (ulong)(O_PATH | O_CLOEXEC), resolve = ResolveInRoot };
        fixed (byte* name = NativeText.Terminated(path))
        {
            int fd = openat2((int)directory.DangerousGetHandle(), name, &how, sizeof(open_how));
            if (fd < 0 && Syscall.LastErrno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP)
            {
                return false;
            }

            using var found = new SafeFileHandle((nint)Syscall.Check(fd, "openat2", root + path), ownsHandle: true);
            return true;
        }
    }

    /// <summary>Gives <paramref name="path"/> the mode and owner of <paramref name="example"/>.</summary>
    public static void CopyOwnerAndMode(string example, string path)
    {
        fixed (byte* to = NativeText.Terminated(path))
        {
            stat found = Status(example);
            Syscall.Check(chown(to, found.st_uid, found.st_gid), "chown", path);
            Syscall.Check(chmod(to, (mode_t)((uint)found.st_mode & 0xfff)), "chmod", path);
        }
    }

    /// <summary>Names in a directory, in no order; none when it is not there.</summary>
    public static IEnumerable<string> Names(string directory)
    {
        if (!Directory.Exists(directory))
        {
            yield break;
        }

        foreach (string path in Directory.EnumerateFileSystemEntries(directory))
        {
            yield return Path.GetFileName(path);
        }
    }

    /// <summary>Makes a directory and those above it that are missing; one that is there already is fine.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="mode">Permissions of what is made, for example 0x1ed (0755).</param>
    /// <exception cref="SyscallException">ENOTDIR: something else is in the way; EROFS; ENOSPC.</exception>
    public static void MakePath(string path, int mode)
    {
        ArgumentNullException.ThrowIfNull(path);
        for (int end = path.IndexOf('/', 1); end >= 0; end = path.IndexOf('/', end + 1))
        {
            MakeDirectory(path[..end], mode);
        }

        MakeDirectory(path, mode);
        if (!IsDirectory(path))
        {
            throw new SyscallException("mkdir", path, Errno.ENOTDIR);
        }
    }

    /// <summary>Removes a file or a link; one that is not there is fine.</summary>
    /// <exception cref="SyscallException">EISDIR: it is a directory; EBUSY; EROFS.</exception>
    public static void Remove(string path)
    {
        fixed (byte* name = NativeText.Terminated(path))
        {
            CheckUnlessAbsent(unlink(name), "unlink", path);
        }
    }

    /// <summary>Removes an empty directory; one that is not there is fine.</summary>
    /// <exception cref="SyscallException">ENOTEMPTY: it is not empty; EBUSY: something is mounted there; ENOTDIR.</exception>
    public static void RemoveDirectory(string path)
    {
        fixed (byte* name = NativeText.Terminated(path))
        {
            CheckUnlessAbsent(rmdir(name), "rmdir", path);
        }
    }

    /// <summary>Gives a file another name, replacing the file that has that name. After a loss of power the one or the other is there,
    /// if the file was synced before and the directory is after.</summary>
    /// <exception cref="SyscallException">ENOENT: there is no <paramref name="from"/>; EXDEV: on another file system.</exception>
    public static void Rename(string from, string to)
    {
        fixed (byte* old = NativeText.Terminated(from), name = NativeText.Terminated(to))
        {
            Syscall.Check(NativeMethods.rename(old, name), "rename", $"{from} to {to}");
        }
    }

    /// <summary>Waits until all that was written to the file system of this directory or file is on its disk.</summary>
    /// <exception cref="SyscallException">EIO, ENOSPC: something could not be written; ENOENT.</exception>
    public static void SyncFileSystem(string path)
    {
        using SafeFileHandle handle = Open(path);
        Syscall.Check(syncfs((int)handle.DangerousGetHandle()), "syncfs", path);
    }

    /// <summary>What stat(2) tells of a path, links followed.</summary>
    /// <exception cref="SyscallException">ENOENT: it is not there.</exception>
    internal static stat Status(string path)
    {
        fixed (byte* name = NativeText.Terminated(path))
        {
            stat found;
            Syscall.Check(stat(name, &found), "stat", path);
            return found;
        }
    }

    private static bool IsDirectory(string path) => S_ISDIR(Status(path).st_mode);

    private static void CheckUnlessAbsent(int result, string call, string path)
    {
        if (result < 0 && Syscall.LastErrno != Errno.ENOENT)
        {
            Syscall.Check(result, call, path);
        }
    }
}
