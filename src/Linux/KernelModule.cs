using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>finit_module(2): the kernel itself checks the module's signature.</summary>
public static unsafe class KernelModule
{
    private static readonly int _finitModule = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 313,
        Architecture.Arm64 or Architecture.RiscV64 => 273,
        _ => throw new PlatformNotSupportedException(),
    };

    /// <summary>Loads a module; one that is loaded already is fine.</summary>
    /// <param name="path">The .ko file, not compressed.</param>
    /// <param name="options">Parameters, as on a modprobe command line.</param>
    /// <exception cref="SyscallException">ENOEXEC: not for this kernel; EKEYREJECTED: signature; ENODEV: no such hardware.</exception>
    public static void Load(string path, string options)
    {
        using SafeFileHandle file = KernelFile.Open(path);
        fixed (byte* words = NativeText.Terminated(options))
        {
            long result = (long)(ssize_t)syscall(_finitModule, (int)file.DangerousGetHandle(), words, 0);
            if (result < 0 && Syscall.LastErrno != Errno.EEXIST)
            {
                Syscall.Check(result, "finit_module", path);
            }
        }
    }
}
