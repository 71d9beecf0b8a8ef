using System;
using System.Collections.Generic;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Mount flags of ours. Source: linux/mount.h.</summary>
[Flags]
public enum MountFlags : uint
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>MS_RDONLY.</summary>
    ReadOnly = 1,

    /// <summary>MS_NOSUID.</summary>
    NoSetUid = 2,

    /// <summary>MS_NODEV.</summary>
    NoDevices = 4,

    /// <summary>MS_NOEXEC.</summary>
    NoExecute = 8,

    /// <summary>MS_SYNCHRONOUS.</summary>
    Synchronous = 16,

    /// <summary>MS_REMOUNT.</summary>
    Remount = 32,

    /// <summary>MS_DIRSYNC.</summary>
    DirectorySynchronous = 128,

    /// <summary>MS_NOSYMFOLLOW.</summary>
    NoSymFollow = 256,

    /// <summary>MS_NOATIME.</summary>
    NoAccessTime = 1024,

    /// <summary>MS_NODIRATIME.</summary>
    NoDirectoryAccessTime = 2048,

    /// <summary>MS_BIND.</summary>
    Bind = 4096,

    /// <summary>MS_MOVE.</summary>
    Move = 8192,

    /// <summary>MS_REC.</summary>
    Recursive = 16384,

    /// <summary>MS_PRIVATE.</summary>
    Private = 1 << 18,

    /// <summary>MS_SLAVE.</summary>
    Follow = 1 << 19,

    /// <summary>MS_RELATIME.</summary>
    RelativeAccessTime = 1 << 21,

    /// <summary>MS_STRICTATIME.</summary>
    StrictAccessTime = 1 << 24,
}

/// <summary>mount(2) and umount2(2).</summary>
public static unsafe class Mount
{
    /// <summary>Mounts a file system.</summary>
    /// <exception cref="SyscallException">EIO, EUCLEAN: damaged; ENODEV: the kernel does not know the file system; EBUSY.</exception>
    public static void FileSystem(string source, string target, string type, MountFlags flags, string options = "") =>
        Call(source, target, type, flags, options);

    /// <summary>Moves a mount, with all below it, to another place.</summary>
    public static void Move(string from, string to) => Call(from, to, "", MountFlags.Move, "");

    /// <summary>Shows a directory or file, without what is mounted below it, at a second place too.</summary>
    /// <exception cref="SyscallException">ENOENT: one of both is not there; ENOTDIR: one is a directory and the other is not.</exception>
    public static void Bind(string from, string to) => Call(from, to, "", MountFlags.Bind, "");

    /// <summary>Shows a directory, with all that is mounted below it, at a second place too.</summary>
    /// <exception cref="SyscallException">ENOENT: one of both is not there; EINVAL: what is below may not be shown twice.</exception>
    public static void BindRecursive(string from, string to) => Call(from, to, "", MountFlags.Bind | MountFlags.Recursive, "");

    /// <summary>Changes flags and options of a mounted file system; with <see cref="MountFlags.Bind"/> of this one mount.</summary>
    /// <exception cref="SyscallException">EINVAL: nothing is mounted there; EBUSY: files are open for writing; EROFS.</exception>
    public static void Remount(string target, MountFlags flags, string options = "") =>
        Call("", target, "", flags | MountFlags.Remount, options);

    /// <summary>Ends a mount that nobody uses.</summary>
    /// <exception cref="SyscallException">EBUSY: it is used, or something is mounted below; EINVAL: nothing is mounted there.</exception>
    public static void Unmount(string target) => Unmount(target, 0);

    /// <summary>Keeps what is mounted below <paramref name="target"/> from spreading: moving a mount needs that.</summary>
    public static void MakePrivate(string target) => Call("", target, "", MountFlags.Private | MountFlags.Recursive, "");

    /// <summary>Keeps what is mounted below <paramref name="target"/> from spreading to others; what they mount still comes here.</summary>
    public static void MakeFollowing(string target) => Call("", target, "", MountFlags.Follow | MountFlags.Recursive, "");

    /// <summary>Takes a mount out of the tree at once; what is still open goes on until it is closed.</summary>
    public static void Detach(string target) => Unmount(target, MNT_DETACH);

    /// <summary>
    /// Parts options as a person writes them, <c>nodev,noatime,compress=zstd</c>, into flags of mount(2) and the data for the file
    /// system. <c>defaults</c> and <c>rw</c> are what a mount is without a word about it, and are left out. Source: mount(8).
    /// </summary>
    /// <returns>The flags, and the other words in their order, with commas between them.</returns>
    public static (MountFlags Flags, string Data) ParseOptions(string options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MountFlags flags = MountFlags.None;
        var data = new List<string>();
        foreach (string word in options.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (FlagOf(word) is { } flag)
            {
                flags |= flag;
            }
            else
            {
                data.Add(word);
            }
        }

        return (flags, string.Join(',', data));
    }

    private static MountFlags? FlagOf(string word) => word switch
    {
        "defaults" or "rw" => MountFlags.None,
        "ro" => MountFlags.ReadOnly,
        "nosuid" => MountFlags.NoSetUid,
        "nodev" => MountFlags.NoDevices,
        "noexec" => MountFlags.NoExecute,
        "sync" => MountFlags.Synchronous,
        "dirsync" => MountFlags.DirectorySynchronous,
        "nosymfollow" => MountFlags.NoSymFollow,
        "noatime" => MountFlags.NoAccessTime,
        "nodiratime" => MountFlags.NoDirectoryAccessTime,
        "relatime" => MountFlags.RelativeAccessTime,
        "strictatime" => MountFlags.StrictAccessTime,
        _ => null,
    };

    private static void Unmount(string target, int flags)
    {
        fixed (byte* path = NativeText.Terminated(target))
        {
            Syscall.Check(umount2(path, flags), "umount2", target);
        }
    }

    private static void Call(string source, string target, string type, MountFlags flags, string options)
    {
        fixed (byte* from = NativeText.Terminated(source), to = NativeText.Terminated(target), kind = NativeText.Terminated(type),
            data = NativeText.Terminated(options))
        {
            int result = mount(from, to, kind, (ulong_t)(ulong)flags, options.Length == 0 ? null : data);
            Syscall.Check(result, "mount", type.Length == 0 ? target : $"{type} {source} on {target}");
        }
    }
}
