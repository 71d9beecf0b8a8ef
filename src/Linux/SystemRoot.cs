using System;
using System.Collections.Generic;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>The last steps before another program becomes PID 1. Source: systemd's INITRD_INTERFACE, switch_root(8).</summary>
public static unsafe class SystemRoot
{
    /// <summary>RAMFS_MAGIC and TMPFS_MAGIC. Source: linux/magic.h.</summary>
    private const ulong RamfsMagic = 0x858458f6;
    private const ulong TmpfsMagic = 0x01021994;

    private const int CloseRangeCloseOnExec = 4;
    private const int CloseRange = 436;
    private const int HighestSignal = 64;

    /// <summary>Makes <paramref name="newRoot"/>, a mount, the root of this process; gives the old root for <see cref="RemoveFiles"/>.</summary>
    public static SafeFileHandle Enter(string newRoot)
    {
        SafeFileHandle old = KernelFile.OpenDirectory("/");
        fixed (byte* path = NativeText.Terminated(newRoot), dot = NativeText.Terminated("."))
        {
            Syscall.Check(chdir(path), "chdir", newRoot);
            Mount.Move(".", "/");
            Syscall.Check(chroot(dot), "chroot", newRoot);
            Syscall.Check(chdir(dot), "chdir", "/");
        }

        return old;
    }

    /// <summary>
    /// Removes the initramfs's files to give their memory back: only what lies on the same file system, and only if that lives in
    /// memory.
    /// </summary>
    /// <returns>Whether there was an initramfs to remove.</returns>
    public static bool RemoveFiles(SafeFileHandle oldRoot)
    {
        ArgumentNullException.ThrowIfNull(oldRoot);
        int directory = (int)oldRoot.DangerousGetHandle();
        if (FileSystemSpace.Of(oldRoot, "initramfs").Magic is not (RamfsMagic or TmpfsMagic))
        {
            return false;
        }

        stat root;
        Syscall.Check(fstat(directory, &root), "fstat", "initramfs");
        RemoveBelow(directory, root.st_dev);
        return true;
    }

    /// <summary>
    /// Becomes another program: descriptors above 2 are closed, signals are as at boot. Returns only by exception.
    /// </summary>
    /// <param name="program">Absolute path.</param>
    /// <param name="arguments">All arguments, the program's name first.</param>
    /// <param name="environment"><c>NAME=value</c> each.</param>
    /// <exception cref="SyscallException">ENOENT, EACCES, ENOEXEC: it cannot be run.</exception>
    public static void Execute(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        using var argv = new NativeVector(arguments);
        using var envp = new NativeVector(environment);
        _ = syscall(CloseRange, 3, unchecked((int)uint.MaxValue), CloseRangeCloseOnExec);
        for (int signal = 1; signal <= HighestSignal; signal++)
        {
            _ = NativeMethods.signal(signal, 0);
        }

        sigset_t none;
        _ = sigemptyset(&none);
        _ = pthread_sigmask(SIG_SETMASK, &none, null);
        fixed (byte* path = NativeText.Terminated(program))
        {
            Syscall.Check(execve(path, argv.Start, envp.Start), "execve", program);
        }
    }

    private static void RemoveBelow(int directory, dev_t device)
    {
        foreach (string name in KernelFile.Names($"/proc/self/fd/{directory}"))
        {
            byte[] terminated = NativeText.Terminated(name);
            fixed (byte* entry = terminated)
            {
                stat found;
                if (fstatat(directory, entry, &found, AT_SYMLINK_NOFOLLOW) < 0 || found.st_dev != device)
                {
                    continue;
                }

                if (S_ISDIR(found.st_mode))
                {
                    int child = openat(directory, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, (mode_t)0u);
                    if (child >= 0)
                    {
                        using var held = new SafeFileHandle(child, ownsHandle: true);
                        RemoveBelow(child, device);
                    }

                    _ = unlinkat(directory, entry, AT_REMOVEDIR);
                }
                else
                {
                    _ = unlinkat(directory, entry, 0);
                }
            }
        }
    }
}
