using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>An ioctl that reads and writes one <typeparamref name="T"/>; its number is made from that size. Source: asm-generic/ioctl.h.</summary>
internal readonly record struct Ioctl<T>(string Name, IoctlDirection Direction, byte Type, byte Number)
    where T : unmanaged
{
    /// <summary>The request number. One without a direction, <c>_IO</c> of the headers, has no size in it either.</summary>
    internal uint Request => ((uint)Direction << 30) | (SizeInNumber << 16) | ((uint)Type << 8) | Number;

    private uint SizeInNumber => Direction == IoctlDirection.None ? 0 : (uint)Unsafe.SizeOf<T>();

    /// <exception cref="SyscallException">The kernel refused.</exception>
    internal unsafe void Call(SafeFileHandle device, ref T argument, string subject)
    {
        fixed (T* pointer = &argument)
        {
            Call(device, pointer, subject);
        }
    }

    /// <inheritdoc cref="Call(SafeFileHandle, ref T, string)"/>
    /// <remarks>For requests whose data goes on behind the structure.</remarks>
    internal unsafe void Call(SafeFileHandle device, T* argument, string subject)
    {
        Errno errno = Try(device, argument);
        if (errno != Errno.None)
        {
            throw new SyscallException(Name, subject, errno);
        }
    }

    /// <summary>For requests that may well be refused: why they were, or <see cref="Errno.None"/>.</summary>
    internal unsafe Errno Try(SafeFileHandle device, ref T argument)
    {
        fixed (T* pointer = &argument)
        {
            return Try(device, pointer);
        }
    }

    private unsafe Errno Try(SafeFileHandle device, T* argument)
    {
        int result;
        do
        {
            result = ioctl((int)device.DangerousGetHandle(), unchecked((int)Request), argument);
        }
        while (Syscall.Interrupted(result));

        return result < 0 ? Syscall.LastErrno : Errno.None;
    }
}

/// <summary>Which way the data of an ioctl goes, seen from user space.</summary>
internal enum IoctlDirection : uint
{
    None = 0,
    Write = 1,
    Read = 2,
    ReadWrite = 3,
}
