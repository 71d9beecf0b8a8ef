using System;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Files and devices by plain system calls, each with a limit on what is read.</summary>
public static unsafe partial class KernelFile
{
    /// <summary>In bytes.</summary>
    private const int CopyChunk = 1 << 20;

    /// <summary>Opens an existing file or device.</summary>
    /// <exception cref="SyscallException">ENOENT: not there; ENXIO, ENODEV: the device is gone.</exception>
    public static SafeFileHandle Open(string path, bool write = false) => Open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0);

    /// <summary>Opens a directory, to hold it or to name what is in it.</summary>
    /// <exception cref="SyscallException">ENOTDIR: it is none; ENOENT: not there.</exception>
    public static SafeFileHandle OpenDirectory(string path) => Open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

    /// <summary>The file's bytes, or null when there is no such file.</summary>
    /// <exception cref="SyscallException">EFBIG: longer than <paramref name="limit"/> bytes; EIO and others as read(2).</exception>
    public static byte[]? TryReadAll(string path, int limit)
    {
        SafeFileHandle handle;
        try
        {
            handle = Open(path);
        }
        catch (SyscallException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }

        using (handle)
        {
            return ReadToEnd(handle, path, limit);
        }
    }

    /// <summary>The file's bytes.</summary>
    /// <exception cref="SyscallException">ENOENT: not there; EFBIG: longer than <paramref name="limit"/> bytes.</exception>
    public static byte[] ReadAll(string path, int limit) =>
        TryReadAll(path, limit) ?? throw new SyscallException("open", path, Errno.ENOENT);

    /// <summary>A short text file of the kernel (sysfs, procfs), without white space at its ends; null when it is not there.</summary>
    public static string? TryReadText(string path) => TryReadAll(path, 64 * 1024) is { } bytes ? Encoding.UTF8.GetString(bytes).Trim() : null;

    /// <summary>Reads until <paramref name="buffer"/> is full or the file ends; gives the number of bytes.</summary>
    /// <exception cref="SyscallException">EIO: the device cannot read there.</exception>
    public static int ReadAt(SafeFileHandle handle, long offset, Span<byte> buffer, string subject)
    {
        ArgumentNullException.ThrowIfNull(handle);
        int done = 0;
        fixed (byte* start = buffer)
        {
            while (done < buffer.Length)
            {
                long n;
                do
                {
                    n = pread((int)handle.DangerousGetHandle(), start + done, buffer.Length - done, offset + done);
                }
                while (Syscall.Interrupted(n));

                Syscall.Check(n, "pread", subject);
                if (n == 0)
                {
                    break;
                }

                done += (int)n;
            }
        }

        return done;
    }

    /// <summary>Length of an open file or block device, in bytes. It moves the handle's position, which nothing here uses.</summary>
    /// <exception cref="SyscallException">ESPIPE: it has none.</exception>
    public static long LengthOf(SafeFileHandle handle, string subject)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return Syscall.Check(lseek((int)handle.DangerousGetHandle(), 0, SEEK_END), "lseek", subject);
    }

    /// <summary>Writes all bytes at a place of a file or device, in as many pwrite(2) as it takes.</summary>
    /// <param name="handle">Opened for writing.</param>
    /// <param name="offset">In bytes.</param>
    /// <param name="data">What to write.</param>
    /// <param name="subject">Its name, for messages.</param>
    /// <exception cref="SyscallException">ENOSPC: past the end of the device; EIO: it cannot write there, or took nothing.</exception>
    public static void WriteAt(SafeFileHandle handle, long offset, ReadOnlySpan<byte> data, string subject)
    {
        ArgumentNullException.ThrowIfNull(handle);
        int done = 0;
        fixed (byte* start = data)
        {
            while (done < data.Length)
            {
                long n;
                do
                {
                    n = pwrite((int)handle.DangerousGetHandle(), start + done, data.Length - done, offset + done);
                }
                while (Syscall.Interrupted(n));

                Syscall.Check(n, "pwrite", subject);
                if (n == 0)
                {
                    throw new SyscallException("pwrite", subject, Errno.EIO);
                }

                done += (int)n;
            }
        }
    }

    /// <summary>Copies bytes, 1 MiB at a time and from front to back, so ranges of one file must not overlap. Not for keys: they pass
    /// through the heap.</summary>
    /// <param name="source">Opened for reading.</param>
    /// <param name="from">In bytes.</param>
    /// <param name="target">Opened for writing.</param>
    /// <param name="to">In bytes.</param>
    /// <param name="length">In bytes.</param>
    /// <param name="subject">What is copied, for messages.</param>
    /// <exception cref="SyscallException">EIO: the source ends before <paramref name="length"/>, or one of both fails; ENOSPC.</exception>
    public static void Copy(SafeFileHandle source, long from, SafeFileHandle target, long to, long length, string subject)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        byte[] chunk = new byte[(int)Math.Min(length, CopyChunk)];
        for (long done = 0; done < length;)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(length - done, chunk.Length));
            if (ReadAt(source, from + done, part, subject) < part.Length)
            {
                throw new SyscallException("pread", subject, Errno.EIO);
            }

            WriteAt(target, to + done, part, subject);
            done += part.Length;
        }
    }

    /// <summary>Waits until what was written to a file, directory or device is on the disk.</summary>
    /// <exception cref="SyscallException">EIO: it could not be written; ENOSPC.</exception>
    public static void Sync(SafeFileHandle handle, string subject)
    {
        ArgumentNullException.ThrowIfNull(handle);
        int result;
        do
        {
            result = fsync((int)handle.DangerousGetHandle());
        }
        while (Syscall.Interrupted(result));

        Syscall.Check(result, "fsync", subject);
    }

    /// <summary>Writes all bytes in one write(2), as files of the kernel want it.</summary>
    /// <exception cref="SyscallException">As write(2); EIO for a short write.</exception>
    public static void Write(string path, ReadOnlySpan<byte> data)
    {
        using SafeFileHandle handle = Open(path, O_WRONLY | O_CLOEXEC, 0);
        WriteOnce(handle, data, path);
    }

    /// <summary>Makes or replaces a file with these bytes.</summary>
    public static void Create(string path, ReadOnlySpan<byte> data, int mode)
    {
        using SafeFileHandle handle = Open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        WriteOnce(handle, data, path);
    }

    /// <summary>One write(2) of all bytes.</summary>
    /// <exception cref="SyscallException">As write(2); EIO for a short write.</exception>
    public static void WriteOnce(SafeFileHandle handle, ReadOnlySpan<byte> data, string subject)
    {
        ArgumentNullException.ThrowIfNull(handle);
        long n;
        fixed (byte* start = data)
        {
            do
            {
                n = write((int)handle.DangerousGetHandle(), start, data.Length);
            }
            while (Syscall.Interrupted(n));
        }

        Syscall.Check(n, "write", subject);
        if (n != data.Length)
        {
            throw new SyscallException("write", subject, Errno.EIO);
        }
    }

    internal static SafeFileHandle Open(string path, int flags, int mode)
    {
        int fd;
        fixed (byte* name = NativeText.Terminated(path))
        {
            do
            {
                fd = open(name, flags, (mode_t)(uint)mode);
            }
            while (Syscall.Interrupted(fd));
        }

        Syscall.Check(fd, "open", path);
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    private static byte[] ReadToEnd(SafeFileHandle handle, string path, int limit)
    {
        byte[] buffer = new byte[Math.Min(limit + 1, 4096)];
        int length = 0;
        while (true)
        {
            long n;
            fixed (byte* start = buffer)
            {
                do
                {
                    n = read((int)handle.DangerousGetHandle(), start + length, buffer.Length - length);
                }
                while (Syscall.Interrupted(n));
            }

            Syscall.Check(n, "read", path);
            length += (int)n;
            if (n == 0)
            {
                return buffer[..length];
            }

            if (length > limit)
            {
                throw new SyscallException("read", path, Errno.EFBIG);
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(limit + 1L, buffer.Length * 4L));
            }
        }
    }
}
