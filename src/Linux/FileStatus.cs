using System;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>What lstat(2) tells of a file: a symbolic link is not followed.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permissions, with set-user-ID, set-group-ID and the sticky bit.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Length">In bytes; of a symbolic link, its text's.</param>
/// <param name="DeviceMajor">Number of the device it is on. Each subvolume of btrfs has its own.</param>
/// <param name="DeviceMinor">The same.</param>
/// <param name="RawMajor">Number of the device it is itself, 0 for other kinds.</param>
/// <param name="RawMinor">The same.</param>
/// <param name="Inode">Its number on that device.</param>
public readonly record struct FileStatus(
    FileKind Kind, int Mode, uint Uid, uint Gid, long Length, uint DeviceMajor, uint DeviceMinor, uint RawMajor, uint RawMinor, ulong Inode)
{
    private const int KindShift = 12;
    private const int ModeMask = 0xfff;

    /// <summary>A file's status, or null when there is none.</summary>
    /// <exception cref="SyscallException">EIO, EUCLEAN: the file system is damaged there; ELOOP: on the way to it.</exception>
    public static unsafe FileStatus? TryOf(string path)
    {
        fixed (byte* name = NativeText.Terminated(path))
        {
            return TryOf(AT_FDCWD, name, path);
        }
    }

    /// <summary>The status of an open file.</summary>
    internal static unsafe FileStatus Of(SafeFileHandle file, string subject)
    {
        stat found;
        Syscall.Check(fstat((int)file.DangerousGetHandle(), &found), "fstat", subject);
        return From(found, subject);
    }

    /// <param name="directory">In which the name is.</param>
    /// <param name="name">Ended by NUL.</param>
    /// <param name="subject">For messages.</param>
    /// <inheritdoc cref="TryOf(string)"/>
    internal static unsafe FileStatus? TryOf(int directory, byte* name, string subject)
    {
        stat found;
        int result = fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW);
        if (result < 0 && Syscall.LastErrno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }

        Syscall.Check(result, "fstatat", subject);
        return From(found, subject);
    }

    private static FileStatus From(in stat found, string subject)
    {
        int mode = (ushort)found.st_mode;
        var kind = (FileKind)(mode >> KindShift);
        if (!Enum.IsDefined(kind))
        {
            throw new SyscallException("stat", subject, Errno.EUCLEAN);
        }

        (uint major, uint minor) = DeviceNumber.Split(found.st_dev);
        (uint rawMajor, uint rawMinor) = DeviceNumber.Split(found.st_rdev);
        return new(kind, mode & ModeMask, found.st_uid, found.st_gid, found.st_size, major, minor, rawMajor, rawMinor, found.st_ino);
    }
}
