using System;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// A character device that takes one message by write(2) and answers with one by read(2), opened without blocking so that a device
/// that hangs costs no more than a deadline: /dev/tpmrm0 (linux drivers/char/tpm/tpm-dev-common.c).
/// </summary>
public sealed unsafe class MessageDevice : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private MessageDevice(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>Opens the device.</summary>
    /// <exception cref="SyscallException">ENOENT: not there; EBUSY: somebody else has it.</exception>
    public static MessageDevice Open(string path) => new(KernelFile.Open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0), path);

    /// <summary>Sends one message.</summary>
    /// <exception cref="SyscallException">EBUSY: the answer to an earlier message was not read.</exception>
    public void Send(ReadOnlySpan<byte> message) => KernelFile.WriteOnce(_handle, message, _path);

    /// <summary>Waits for one answer and reads it; its length in bytes, or -1 once the deadline has passed.</summary>
    /// <exception cref="SyscallException">EIO: the device failed.</exception>
    public int Receive(Span<byte> answer, Deadline deadline)
    {
        while (Poll.UntilReadable(_handle, deadline))
        {
            long n;
            fixed (byte* start = answer)
            {
                n = read((int)_handle.DangerousGetHandle(), start, answer.Length);
            }

            if (n >= 0 || Syscall.LastErrno is not (Errno.EINTR or Errno.EAGAIN))
            {
                return (int)Syscall.Check(n, "read", _path);
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
