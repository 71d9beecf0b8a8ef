using System;

namespace InitRuntime.Linux;

/// <summary>Extended attributes of files and directories; of a symbolic link, its own. Source: xattr(7).</summary>
public static unsafe class ExtendedAttribute
{
    /// <summary>An attribute's bytes, or null when the file has none of that name or its file system has none at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">With its class: <c>trusted.</c>, <c>security.</c> ...</param>
    /// <param name="limit">Most bytes that are taken.</param>
    /// <exception cref="SyscallException">ENOENT: there is no such file; ERANGE: longer than <paramref name="limit"/>.</exception>
    public static byte[]? TryGet(string path, string name, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        byte[] buffer = new byte[limit + 1]; // One more: a call with no room asks for the length only.
        fixed (byte* file = NativeText.Terminated(path), attribute = NativeText.Terminated(name), value = buffer)
        {
            long length = NativeMethods.lgetxattr(file, attribute, value, (nuint)buffer.Length);
            if (length < 0 && Syscall.LastErrno is Errno.ENODATA or Errno.EOPNOTSUPP)
            {
                return null;
            }

            Syscall.Check(length, "lgetxattr", Subject(path, name));
            return length <= limit ? buffer[..(int)length] : throw new SyscallException("lgetxattr", Subject(path, name), Errno.ERANGE);
        }
    }

    /// <summary>Sets an attribute, whether the file has it already or not.</summary>
    /// <exception cref="SyscallException">ENOENT: there is no such file; EPERM; EOPNOTSUPP: the file system has none; ENOSPC; EROFS.</exception>
    public static void Set(string path, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* file = NativeText.Terminated(path), attribute = NativeText.Terminated(name), bytes = value)
        {
            Syscall.Check(NativeMethods.lsetxattr(file, attribute, bytes, (nuint)value.Length, 0), "lsetxattr", Subject(path, name));
        }
    }

    /// <summary>Removes an attribute; one that is not there is fine.</summary>
    /// <exception cref="SyscallException">ENOENT: there is no such file; EPERM; EOPNOTSUPP: the file system has none; EROFS.</exception>
    public static void Remove(string path, string name)
    {
        fixed (byte* file = NativeText.Terminated(path), attribute = NativeText.Terminated(name))
        {
            int result = NativeMethods.lremovexattr(file, attribute);
            if (result < 0 && Syscall.LastErrno != Errno.ENODATA)
            {
                Syscall.Check(result, "lremovexattr", Subject(path, name));
            }
        }
    }

    private static string Subject(string path, string name) => $"{name} of {path}";
}
