using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Mounts that nobody else sees. Source: mount_namespaces(7).</summary>
public static class MountNamespace
{
    /// <summary>CLONE_NEWNS. Source: linux/sched.h.</summary>
    private const int NewMounts = 0x00020000;

    /// <summary>
    /// From here on what this thread mounts is seen by it and by programs that it starts alone, and is gone when they have ended,
    /// however they end. What others mount is still seen here.
    /// </summary>
    /// <exception cref="SyscallException">EPERM: only root may.</exception>
    public static void Leave()
    {
        Syscall.Check(unshare(NewMounts), "unshare", "mounts");
        Mount.MakeFollowing("/");
    }
}
