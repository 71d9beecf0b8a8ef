using System;
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

    /// <summary>MS_BIND.</summary>
    Bind = 4096,

    /// <summary>MS_MOVE.</summary>
    Move = 8192,

    /// <summary>MS_REC.</summary>
    Recursive = 16384,

    /// <summary>MS_PRIVATE.</summary>
    Private = 1 << 18,

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

    /// <summary>Keeps what is mounted below <paramref name="target"/> from spreading: moving a mount needs that.</summary>
    public static void MakePrivate(string target) => Call("", target, "", MountFlags.Private | MountFlags.Recursive, "");

    /// <summary>Takes a mount out of the tree at once; what is still open goes on until it is closed.</summary>
    public static void Detach(string target)
    {
        fixed (byte* path = NativeText.Terminated(target))
        {
            Syscall.Check(umount2(path, MNT_DETACH), "umount2", target);
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
