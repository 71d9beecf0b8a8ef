using System;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// A key for a program that reads it from a path of its own beside its standard input: it lies in the kernel's buffer of a pipe, in
/// no file, and is gone with this. Source: pipe(7), proc_pid_fd(5).
/// </summary>
public sealed unsafe class SecretPipe : IDisposable
{
    /// <summary>What a pipe takes at once without a reader (PIPE_BUF), in bytes.</summary>
    private const int MaximumLength = 4096;

    private readonly SafeFileHandle _read;
    private readonly SafeFileHandle _write;

    /// <summary>A pipe that holds these bytes.</summary>
    /// <param name="secret">At most 4096 bytes.</param>
    public SecretPipe(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secret.Length, MaximumLength, nameof(secret));
        int* ends = stackalloc int[2];
        Syscall.Check(pipe2(ends, O_CLOEXEC), "pipe2", "secret pipe");
        _read = new SafeFileHandle(ends[0], ownsHandle: true);
        _write = new SafeFileHandle(ends[1], ownsHandle: true);
        KernelFile.WriteOnce(_write, secret, "secret pipe");
    }

    /// <summary>The path under which a child finds the reading end; it needs /proc. Its reader must know the length: the end never comes.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_read.DangerousGetHandle()}";

    /// <inheritdoc/>
    public void Dispose()
    {
        _read.Dispose();
        _write.Dispose();
    }
}
