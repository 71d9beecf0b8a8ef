using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace InitRuntime.Formats.Cpio;

/// <summary>
/// Writes an archive front to back: same calls, same bytes. All members belong to root and have one time. The caller gives
/// them in the order they shall have, each directory before what is in it.
/// </summary>
public sealed class CpioWriter
{
    /// <summary>What the archive is padded to, in bytes: GNU cpio's block.</summary>
    public const int BlockSize = 512;

    private const int CopyLength = 1 << 16;

    private readonly Stream _output;
    private readonly uint _modifiedSeconds;
    private readonly CpioFormat _format;
    private readonly HashSet<string> _names = [];
    private long _position;
    private uint _inode;
    private bool _finished;

    /// <summary>Begins an archive at the stream's position.</summary>
    /// <param name="output">Gets the bytes; it is not closed.</param>
    /// <param name="modified">The time of all members, in whole seconds from 1970 to 2106.</param>
    /// <param name="format">With or without check sums.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time does not fit.</exception>
    public CpioWriter(Stream output, DateTimeOffset modified, CpioFormat format = CpioFormat.Newc)
    {
        ArgumentNullException.ThrowIfNull(output);
        long seconds = modified.ToUnixTimeSeconds();
        ArgumentOutOfRangeException.ThrowIfNegative(seconds, nameof(modified));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, uint.MaxValue, nameof(modified));
        _output = output;
        _modifiedSeconds = (uint)seconds;
        _format = format;
    }

    /// <summary>Adds a directory.</summary>
    /// <exception cref="ArgumentException">The name is not a plain relative path, or is there already.</exception>
    public void AddDirectory(string name, UnixFileMode permissions) =>
        AddHeader(name, new CpioHeader { Format = _format, Mode = Mode(CpioHeader.Directory, permissions), Links = 2 });

    /// <summary>Adds a file.</summary>
    /// <exception cref="ArgumentException">The name is not a plain relative path, or is there already.</exception>
    public void AddFile(string name, UnixFileMode permissions, ReadOnlySpan<byte> content)
    {
        AddHeader(name, new CpioHeader
        {
            Format = _format,
            Mode = Mode(CpioHeader.File, permissions),
            Links = 1,
            ContentLength = (uint)content.Length,
            Check = _format == CpioFormat.Crc ? ByteSum(0, content) : 0,
        });
        WriteBytes(content);
        Pad(CpioHeader.Alignment);
    }

    /// <summary>Adds a file from a stream, from its position to its end; read twice when the archive has check sums.</summary>
    /// <exception cref="ArgumentException">
    /// The name is not a plain relative path or is there already, or the content has 4 GiB or more.
    /// </exception>
    /// <exception cref="IOException">The content changed while it was read.</exception>
    public void AddFile(string name, UnixFileMode permissions, Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        long start = content.Position;
        long length = content.Length - start;
        if (length is < 0 or > uint.MaxValue)
        {
            throw new ArgumentException($"{name}: {length} bytes, a member has less than 4 GiB", nameof(content));
        }

        byte[] buffer = new byte[CopyLength];
        uint check = 0;
        if (_format == CpioFormat.Crc)
        {
            ForEachPart(content, length, buffer, part => check = ByteSum(check, part));
            content.Position = start;
        }

        AddHeader(name, new CpioHeader
        {
            Format = _format,
            Mode = Mode(CpioHeader.File, permissions),
            Links = 1,
            ContentLength = (uint)length,
            Check = check,
        });
        uint written = 0;
        ForEachPart(content, length, buffer, part =>
        {
            written = _format == CpioFormat.Crc ? ByteSum(written, part) : 0;
            WriteBytes(part);
        });
        Pad(CpioHeader.Alignment);
        if (written != check || content.ReadByte() >= 0)
        {
            throw new IOException($"{name}: the content changed while it was read");
        }
    }

    /// <summary>Adds a symbolic link.</summary>
    /// <exception cref="ArgumentException">
    /// The name is not a plain relative path or is there already, or the target is empty or too long.
    /// </exception>
    public void AddSymbolicLink(string name, string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        byte[] content = Encoding.UTF8.GetBytes(target);
        if (content.Length is < 1 or >= CpioHeader.MaximumNameSize || content.AsSpan().Contains((byte)0))
        {
            throw new ArgumentException($"{name}: a link target of {content.Length} bytes, or one with NUL", nameof(target));
        }

        const UnixFileMode Everybody = (UnixFileMode)0x1ff;
        AddHeader(name, new CpioHeader
        {
            Format = _format,
            Mode = Mode(CpioHeader.SymbolicLink, Everybody),
            Links = 1,
            ContentLength = (uint)content.Length,
        });
        WriteBytes(content);
        Pad(CpioHeader.Alignment);
    }

    /// <summary>Adds a character device.</summary>
    /// <exception cref="ArgumentException">The name is not a plain relative path, or is there already.</exception>
    public void AddCharacterDevice(string name, UnixFileMode permissions, uint major, uint minor) => AddHeader(name, new CpioHeader
    {
        Format = _format,
        Mode = Mode(CpioHeader.CharacterDevice, permissions),
        Links = 1,
        DeviceMajor = major,
        DeviceMinor = minor,
    });

    /// <summary>Ends the archive: trailer and padding. Nothing can be added after it.</summary>
    public void Finish()
    {
        WriteHeader(CpioHeader.TrailerName, new CpioHeader { Format = _format, Links = 1 });
        Pad(BlockSize);
        _finished = true;
    }

    /// <summary>Whether a name is relative and normal: no empty, "." or ".." part, no control character.</summary>
    public static bool IsPlainRelativePath(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (char c in name)
        {
            if (c is < ' ' or '\x7f')
            {
                return false;
            }
        }

        foreach (Range part in name.AsSpan().Split('/'))
        {
            if (name.AsSpan()[part] is "" or "." or "..")
            {
                return false;
            }
        }

        return Encoding.UTF8.GetByteCount(name) < CpioHeader.MaximumNameSize && name != "TRAILER!!!";
    }

    private void AddHeader(string name, CpioHeader header)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        if (!IsPlainRelativePath(name))
        {
            throw new ArgumentException($"\"{name}\" is not a plain relative path", nameof(name));
        }

        if (!_names.Add(name))
        {
            throw new ArgumentException($"\"{name}\" is there already", nameof(name));
        }

        _inode++;
        WriteHeader(Encoding.UTF8.GetBytes(name), header with { Inode = _inode, ModifiedSeconds = _modifiedSeconds });
    }

    private void WriteHeader(ReadOnlySpan<byte> name, CpioHeader header)
    {
        Span<byte> bytes = stackalloc byte[CpioHeader.Size];
        (header with { NameSize = (uint)name.Length + 1 }).Write(bytes);
        WriteBytes(bytes);
        WriteBytes(name);
        WriteBytes([0]);
        Pad(CpioHeader.Alignment);
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _position += bytes.Length;
    }

    private void Pad(int alignment)
    {
        Span<byte> zeros = stackalloc byte[BlockSize];
        zeros.Clear();
        WriteBytes(zeros[..(int)(-_position & (alignment - 1))]);
    }

    private static void ForEachPart(Stream content, long length, byte[] buffer, Action<ReadOnlySpan<byte>> take)
    {
        while (length > 0)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length));
            content.ReadExactly(part);
            take(part);
            length -= part.Length;
        }
    }

    internal static uint ByteSum(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            sum = unchecked(sum + b);
        }

        return sum;
    }

    private static uint Mode(uint type, UnixFileMode permissions) => type | ((uint)permissions & CpioHeader.PermissionMask);
}
