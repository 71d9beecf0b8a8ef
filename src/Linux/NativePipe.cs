using System;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Both ends of a pipe, neither of which another program inherits. Source: pipe(2).</summary>
internal sealed unsafe class NativePipe : IDisposable
{
    private const int FirstFreeDescriptor = 3;

    /// <summary>Makes a pipe.</summary>
    /// <exception cref="SyscallException">EMFILE, ENFILE: too many files are open.</exception>
    internal NativePipe()
    {
        int* ends = stackalloc int[2];
        Syscall.Check(pipe2(ends, O_CLOEXEC), "pipe2", "child");
        Reader = new SafeFileHandle(ends[0], ownsHandle: true);
        Writer = new SafeFileHandle(ends[1], ownsHandle: true);
        try
        {
            Reader = AboveStandard(Reader);
            Writer = AboveStandard(Writer);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where bytes come out.</summary>
    internal SafeFileHandle Reader { get; }

    /// <summary>Where bytes go in.</summary>
    internal SafeFileHandle Writer { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }

    /// <summary>Lets reading or writing at one end return EAGAIN instead of waiting.</summary>
    internal static void DoNotBlock(SafeFileHandle end) =>
        Syscall.Check(fcntl((int)end.DangerousGetHandle(), F_SETFL, O_NONBLOCK), "fcntl", "pipe");

    /// <summary>
    /// Descriptors 0 to 2 are the child's to fill. They are free, and so given out, where the kernel found no console for us.
    /// </summary>
    private static SafeFileHandle AboveStandard(SafeFileHandle end)
    {
        if (end.DangerousGetHandle() >= FirstFreeDescriptor)
        {
            return end;
        }

        using (end)
        {
            int moved = fcntl((int)end.DangerousGetHandle(), F_DUPFD_CLOEXEC, FirstFreeDescriptor);
            return new SafeFileHandle((nint)Syscall.Check(moved, "fcntl", "pipe"), ownsHandle: true);
        }
    }
}
