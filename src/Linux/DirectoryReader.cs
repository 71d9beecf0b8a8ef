using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>An open directory, entry by entry, with names as the bytes they are; <c>.</c> and <c>..</c> are left out.</summary>
internal sealed unsafe class DirectoryReader
{
    /// <summary>In bytes.</summary>
    private const int BufferLength = 32 * 1024;

    private readonly byte[] _buffer = new byte[BufferLength];
    private int _at;
    private int _filled;

    /// <summary>Goes to the next entry of a directory, which must be the same until this ends.</summary>
    /// <param name="directory">Its reading position moves.</param>
    /// <param name="subject">Its name, for messages.</param>
    /// <param name="name">Valid until the next call. A NUL follows it.</param>
    /// <param name="kind">Null: the file system does not say it here.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="SyscallException">EIO: it cannot be read, or holds a name that is none.</exception>
    internal bool Next(SafeFileHandle directory, string subject, out ReadOnlySpan<byte> name, out FileKind? kind)
    {
        while (_at < _filled || Fill(directory, subject))
        {
            ReadOnlySpan<byte> record = _buffer.AsSpan(_at, _filled - _at);
            DirectoryRecord head = MemoryMarshal.Read<DirectoryRecord>(record);
            name = record[DirectoryRecord.NameOffset..head.Length];
            name = name[..name.IndexOf((byte)0)];
            kind = head.Kind == 0 ? null : (FileKind)head.Kind;
            _at += head.Length;
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                return true;
            }
        }

        name = default;
        kind = null;
        return false;
    }

    /// <summary>Starts again at the first entry.</summary>
    internal void Rewind(SafeFileHandle directory, string subject)
    {
        Syscall.Check(lseek((int)directory.DangerousGetHandle(), 0, SEEK_SET), "lseek", subject);
        _at = _filled = 0;
    }

    private bool Fill(SafeFileHandle directory, string subject)
    {
        fixed (byte* start = _buffer)
        {
            nint length = NativeMethods.getdents64((int)directory.DangerousGetHandle(), start, BufferLength);
            _filled = (int)Syscall.Check(length, "getdents64", subject);
            _at = 0;
        }

        return _filled > 0;
    }
}

/// <summary>struct linux_dirent64, up to the first byte of its name. Source: getdents(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DirectoryRecord
{
    internal const int NameOffset = 19;

    internal ulong Inode;
    internal long Position;
    internal ushort Length;
    internal byte Kind;
    internal byte FirstOfName;
}
