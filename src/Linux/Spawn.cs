using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>posix_spawn(3): a child without fork. Source: spawn.h.</summary>
internal static unsafe class Spawn
{
    /// <summary>POSIX_SPAWN_SETPGROUP, POSIX_SPAWN_SETSIGDEF and POSIX_SPAWN_SETSIGMASK.</summary>
    internal const short SetProcessGroup = 2;

    /// <inheritdoc cref="SetProcessGroup"/>
    internal const short SetDefaultSignals = 4;

    /// <inheritdoc cref="SetProcessGroup"/>
    internal const short SetSignalMask = 8;

    /// <summary>Starts a program; its process number.</summary>
    /// <param name="command">The program.</param>
    /// <param name="input">What it has as descriptor 0; itself above 2.</param>
    /// <param name="output">What it has as descriptors 1 and 2; itself above 2.</param>
    /// <exception cref="SyscallException">posix_spawn: ENOENT, EACCES, ENOEXEC, ENOMEM; chroot: ENOENT, ENOTDIR.</exception>
    internal static int Start(ChildCommand command, SafeFileHandle input, SafeFileHandle output) =>
        command.RootDirectory is { } root ? StartBelow(root, command, input, output) : StartHere(command, input, output);

    /// <summary>
    /// Starts it below another root. The root is the whole process's: we go there and come back, and no other thread may run.
    /// </summary>
    private static int StartBelow(string root, ChildCommand command, SafeFileHandle input, SafeFileHandle output)
    {
        using SafeFileHandle oldRoot = KernelFile.OpenDirectory("/");
        using SafeFileHandle oldDirectory = KernelFile.OpenDirectory(".");
        fixed (byte* path = NativeText.Terminated(root), top = NativeText.Terminated("/"), here = NativeText.Terminated("."))
        {
            Syscall.Check(chroot(path), "chroot", root);
            try
            {
                Syscall.Check(chdir(top), "chdir", root);
                return StartHere(command, input, output);
            }
            finally
            {
                Syscall.Check(fchdir((int)oldRoot.DangerousGetHandle()), "fchdir", "/");
                Syscall.Check(chroot(here), "chroot", "/");
                Syscall.Check(fchdir((int)oldDirectory.DangerousGetHandle()), "fchdir", "working directory");
            }
        }
    }

    private static int StartHere(ChildCommand command, SafeFileHandle input, SafeFileHandle output)
    {
        using var arguments = new NativeVector([command.Program, .. command.Arguments]);
        using var environment = new NativeVector(command.Environment);
        SpawnFileActions actions;
        Check(NativeMethods.posix_spawn_file_actions_init(&actions), command);
        try
        {
            Check(NativeMethods.posix_spawn_file_actions_adddup2(&actions, (int)input.DangerousGetHandle(), 0), command);
            Check(NativeMethods.posix_spawn_file_actions_adddup2(&actions, (int)output.DangerousGetHandle(), 1), command);
            Check(NativeMethods.posix_spawn_file_actions_adddup2(&actions, (int)output.DangerousGetHandle(), 2), command);
            SpawnAttributes attributes;
            Check(NativeMethods.posix_spawnattr_init(&attributes), command);
            try
            {
                Set(&attributes, command);
                int process;
                fixed (byte* program = NativeText.Terminated(command.Program))
                {
                    Check(NativeMethods.posix_spawn(&process, program, &actions, &attributes, arguments.Start, environment.Start), command);
                }

                return process;
            }
            finally
            {
                _ = NativeMethods.posix_spawnattr_destroy(&attributes);
            }
        }
        finally
        {
            _ = NativeMethods.posix_spawn_file_actions_destroy(&actions);
        }
    }

    /// <summary>Signals as at boot, and a process group if it is to lead one.</summary>
    private static void Set(SpawnAttributes* attributes, ChildCommand command)
    {
        sigset_t all;
        sigset_t none;
        _ = sigfillset(&all);
        _ = sigemptyset(&none);
        short flags = (short)(SetDefaultSignals | SetSignalMask | (command.OwnProcessGroup ? SetProcessGroup : 0));
        Check(NativeMethods.posix_spawnattr_setsigdefault(attributes, &all), command);
        Check(NativeMethods.posix_spawnattr_setsigmask(attributes, &none), command);
        Check(NativeMethods.posix_spawnattr_setpgroup(attributes, 0), command);
        Check(NativeMethods.posix_spawnattr_setflags(attributes, flags), command);
    }

    private static void Check(int error, ChildCommand command)
    {
        if (error != 0)
        {
            throw new SyscallException("posix_spawn", command.Program, (Errno)error);
        }
    }
}
