using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Text;

namespace InitRuntime.Formats.Cpio;

/// <summary>
/// Reads one archive of untrusted bytes, member after member, up to its trailer. What a member's content is not asked for is
/// passed over; its check sum, if the archive has them, is proved all the same. After an error there is no next member.
/// </summary>
public sealed class CpioReader
{
    private const int CopyLength = 1 << 16;

    private readonly Stream _input;
    private readonly byte[] _buffer = new byte[CopyLength];
    private CpioHeader _header;
    private uint _left;
    private uint _sum;
    private bool _ended;

    /// <summary>Reads from the stream's position on; it need not be seekable and is not closed.</summary>
    public CpioReader(Stream input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _input = input;
    }

    /// <summary>
    /// The next member. At the trailer the answer is false without an error; the stream then stands behind the trailer's padding
    /// to 4 bytes, where another archive may follow.
    /// </summary>
    public bool TryNext([NotNullWhen(true)] out CpioEntry? entry, out ParseError error)
    {
        entry = null;
        error = default;
        if (_ended)
        {
            return false;
        }

        _ended = true;
        if (!TryFinishContent(Stream.Null, out error) || !TryReadHeader(out string name, out error))
        {
            return false;
        }

        if (name == "TRAILER!!!")
        {
            error = _header.ContentLength == 0 ? default : new("a trailer with content");
            return false;
        }

        _ended = false;
        entry = new CpioEntry
        {
            Name = name,
            Type = (_header.Mode & CpioHeader.TypeMask) switch
            {
                CpioHeader.File => CpioEntryType.File,
                CpioHeader.Directory => CpioEntryType.Directory,
                CpioHeader.SymbolicLink => CpioEntryType.SymbolicLink,
                CpioHeader.CharacterDevice => CpioEntryType.CharacterDevice,
                CpioHeader.BlockDevice => CpioEntryType.BlockDevice,
                _ => CpioEntryType.Other,
            },
            Permissions = (UnixFileMode)(_header.Mode & CpioHeader.PermissionMask),
            UserId = _header.UserId,
            GroupId = _header.GroupId,
            ModifiedSeconds = _header.ModifiedSeconds,
            Inode = _header.Inode,
            Links = _header.Links,
            Length = _header.ContentLength,
            DeviceMajor = _header.DeviceMajor,
            DeviceMinor = _header.DeviceMinor,
        };
        return true;
    }

    /// <summary>Copies the content of the member that <see cref="TryNext"/> gave last; once only.</summary>
    public bool TryCopyContent(Stream output, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(output);
        _ended |= !TryFinishContent(output, out error);
        return !error.IsError;
    }

    /// <summary>The content of the member that <see cref="TryNext"/> gave last, if it is not too long; once only.</summary>
    public bool TryReadContent(int maximumLength, [NotNullWhen(true)] out byte[]? content, out ParseError error)
    {
        content = null;
        if (_left > maximumLength)
        {
            error = new($"{_left} bytes of content, at most {maximumLength} are read");
            return false;
        }

        using var output = new MemoryStream();
        if (!TryCopyContent(output, out error))
        {
            return false;
        }

        content = output.ToArray();
        return true;
    }

    private bool TryReadHeader(out string name, out ParseError error)
    {
        name = "";
        Span<byte> bytes = stackalloc byte[CpioHeader.Size];
        if (!TryRead(bytes, out error) || !CpioHeader.TryParse(bytes, out _header, out error))
        {
            return false;
        }

        int nameSize = (int)_header.NameSize;
        Span<byte> nameAndPadding = stackalloc byte[CpioHeader.MaximumNameSize + CpioHeader.Alignment];
        nameAndPadding = nameAndPadding[..(nameSize + CpioHeader.Padding(CpioHeader.Size + nameSize))];
        if (!TryRead(nameAndPadding, out error))
        {
            return false;
        }

        if (nameAndPadding.IndexOf((byte)0) != nameSize - 1)
        {
            error = new("a name that does not end at its first NUL");
            return false;
        }

        name = Encoding.UTF8.GetString(nameAndPadding[..(nameSize - 1)]);
        _left = _header.ContentLength;
        _sum = 0;
        return true;
    }

    private bool TryFinishContent(Stream output, out ParseError error)
    {
        error = default;
        // GNU cpio leaves the sum of a link's target out.
        bool checkSum = _header.Format == CpioFormat.Crc && (_header.Mode & CpioHeader.TypeMask) == CpioHeader.File && _left > 0;
        while (_left > 0)
        {
            Span<byte> part = _buffer.AsSpan(0, (int)Math.Min((uint)_buffer.Length, _left));
            if (!TryRead(part, out error))
            {
                return false;
            }

            _sum = checkSum ? CpioWriter.ByteSum(_sum, part) : 0;
            output.Write(part);
            _left -= (uint)part.Length;
            if (_left == 0 && !TryRead(_buffer.AsSpan(0, CpioHeader.Padding(_header.ContentLength)), out error))
            {
                return false;
            }
        }

        if (checkSum && _sum != _header.Check)
        {
            error = new($"check sum {_sum:x8}, the header says {_header.Check:x8}");
        }

        return !error.IsError;
    }

    private bool TryRead(Span<byte> bytes, out ParseError error)
    {
        error = _input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length ? default : new("cut short");
        return !error.IsError;
    }
}
