using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// Header blocks of tar archives: POSIX.1-2017 pax and ustar, and the long names of GNU tar. Read and written as bytes, since
/// what passes through (extended attributes above all) has to stay as it is.
/// </summary>
internal static partial class TarFormat
{
    internal const int BlockSize = 512;

    /// <summary>The largest extended header that is read, in bytes: names and extended attributes of one member.</summary>
    internal const int MaximumExtendedHeader = 1 << 20;

    internal const char PaxHeader = 'x';
    internal const char PaxGlobalHeader = 'g';
    internal const char GnuLongName = 'L';
    internal const char GnuLongLink = 'K';

    private const int NameLength = 100;
    private const int ChecksumOffset = 148;
    private const int ChecksumLength = 8;

    /// <summary>A length rounded up to whole blocks.</summary>
    internal static long Padded(long size) => (size + BlockSize - 1) / BlockSize * BlockSize;

    /// <summary>Reads one header block. The type flag of an old archive (NUL) is given as a file.</summary>
    internal static bool TryParseHeader(ReadOnlySpan<byte> block, out TarHeader header, out string error)
    {
        header = default;
        if (block.Length != BlockSize)
        {
            error = "the archive ends within a header";
            return false;
        }

        if (!TryNumber(block.Slice(ChecksumOffset, ChecksumLength), out long checksum) || checksum != Checksum(block))
        {
            error = "a header with a wrong checksum";
            return false;
        }

        if (!TryNumber(block.Slice(124, 12), out long size) || size < 0 || size > 1L << 50 || !TryNumber(block.Slice(100, 8), out long mode)
            || !TryNumber(block.Slice(108, 8), out long uid) || !TryNumber(block.Slice(116, 8), out long gid))
        {
            error = "a header with a size, mode or owner that is not a number";
            return false;
        }

        string name = Text(block[..NameLength]);
        bool isPosix = block.Slice(257, 6).SequenceEqual("ustar\0"u8);
        if (isPosix && Text(block.Slice(345, 155)) is { Length: > 0 } prefix)
        {
            name = $"{prefix}/{name}";
        }

        char type = block[156] == 0 ? TarEntry.File : (char)block[156];
        header = new TarHeader(name, type, (int)(mode & 0xfff), uid, gid, Text(block.Slice(157, NameLength)), size, DeviceOf(type, block));
        error = "";
        return true;
    }

    /// <summary>The records of a pax extended header: <c>length key=value\n</c> each. Values stay bytes.</summary>
    internal static bool TryParseRecords(ReadOnlySpan<byte> data, Dictionary<string, byte[]> records)
    {
        while (!data.IsEmpty)
        {
            int space = data.IndexOf((byte)' ');
            if (space <= 0 || !Utf8Parser.TryParse(data[..space], out int length, out int used) || used != space
                || length <= space + 2 || length > data.Length || data[length - 1] != '\n')
            {
                return false;
            }

            ReadOnlySpan<byte> record = data[(space + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                return false;
            }

            records[Encoding.UTF8.GetString(record[..equals])] = record[(equals + 1)..].ToArray();
            data = data[length..];
        }

        return true;
    }

    private static string DeviceOf(char type, ReadOnlySpan<byte> block) =>
        type is TarEntry.CharacterDevice or TarEntry.BlockDevice
            && TryNumber(block.Slice(329, 8), out long major) && TryNumber(block.Slice(337, 8), out long minor) ? $"{major}:{minor}" : "";

    /// <summary>The sum of all bytes, those of the checksum itself taken as spaces.</summary>
    private static int Checksum(ReadOnlySpan<byte> block)
    {
        int sum = ChecksumLength * ' ';
        for (int i = 0; i < block.Length; i++)
        {
            sum += i is >= ChecksumOffset and < ChecksumOffset + ChecksumLength ? 0 : block[i];
        }

        return sum;
    }

    /// <summary>An octal number, or one in base 256 as GNU tar writes it when octal is too short.</summary>
    private static bool TryNumber(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0)
        {
            ReadOnlySpan<byte> bytes = field[1..];
            ReadOnlySpan<byte> high = bytes.Length > 8 ? bytes[..^8] : default;
            foreach (byte b in bytes[high.Length..])
            {
                value = unchecked((value << 8) | b);
            }

            return field[0] == 0x80 && !high.ContainsAnyExcept((byte)0) && value >= 0;
        }

        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        foreach (byte b in digits)
        {
            if (b is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                return false;
            }

            value = (value << 3) | (long)(b - '0');
        }

        return true;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>A decimal number of a pax record.</summary>
    internal static bool TryDecimal(ReadOnlySpan<byte> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

/// <summary>What one header block says by itself, before extended headers are applied.</summary>
internal readonly record struct TarHeader(
    string Name, char Type, int Mode, long Uid, long Gid, string LinkName, long Size, string Device);
