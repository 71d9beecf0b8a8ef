using System.Runtime.InteropServices;
using Tmds.Linux;

namespace InitRuntime.Linux;

/// <summary>The libc calls that Tmds.LibC lacks; everything else comes from there.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary>reboot(2) as glibc wraps it.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int reboot(int command);

    /// <summary>getrandom(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint getrandom(void* buffer, nuint length, uint flags);

    /// <summary>fstatfs(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fstatfs(int fd, StatFs* fileSystem);

    /// <summary>getdents64(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint getdents64(int fd, void* buffer, nuint length);

    /// <summary>lgetxattr(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint lgetxattr(byte* path, byte* name, void* value, nuint length);

    /// <summary>lsetxattr(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int lsetxattr(byte* path, byte* name, void* value, nuint length, int flags);

    /// <summary>lremovexattr(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int lremovexattr(byte* path, byte* name);

    /// <summary>signal(2), for SIG_DFL and SIG_IGN only.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint signal(int number, nint handler);

    /// <summary>rename(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int rename(byte* from, byte* to);

    /// <summary>clock_gettime(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, timespec* now);

    /// <summary>waitpid(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitpid(int process, int* status, int options);

    /// <summary>fork(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fork();

    /// <summary>posix_spawn(3). This and its helpers return the error number and leave errno alone.</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn(
        int* process, byte* path, SpawnFileActions* actions, SpawnAttributes* attributes, byte** arguments, byte** environment);

    /// <summary>posix_spawn_file_actions_init(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(SpawnFileActions* actions);

    /// <summary>posix_spawn_file_actions_adddup2(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_adddup2(SpawnFileActions* actions, int from, int to);

    /// <summary>posix_spawn_file_actions_destroy(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(SpawnFileActions* actions);

    /// <summary>posix_spawnattr_init(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(SpawnAttributes* attributes);

    /// <summary>posix_spawnattr_setflags(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(SpawnAttributes* attributes, short flags);

    /// <summary>posix_spawnattr_setpgroup(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setpgroup(SpawnAttributes* attributes, int group);

    /// <summary>posix_spawnattr_setsigdefault(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(SpawnAttributes* attributes, sigset_t* signals);

    /// <summary>posix_spawnattr_setsigmask(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigmask(SpawnAttributes* attributes, sigset_t* signals);

    /// <summary>posix_spawnattr_destroy(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(SpawnAttributes* attributes);
}
