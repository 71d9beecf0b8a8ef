using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <content>Headers that the build makes or changes.</content>
internal static partial class TarFormat
{
    private const int ModeOffset = 100;
    private const int SizeOffset = 124;
    private const int TimeOffset = 136;
    private const int TypeOffset = 156;
    private const int LinkOffset = 157;
    private const int MagicOffset = 257;
    private const int MagicLength = 8;
    private const int PrefixOffset = 345;

    /// <summary>The header of a member that is owned by root: a ustar block, and an extended header before it where a name is too long.</summary>
    internal static byte[] Header(string path, char type, int mode, long size, long modificationTime, string link = "")
    {
        byte[] block = new byte[BlockSize];
        Octal(block.AsSpan(ModeOffset, 8), mode);
        Octal(block.AsSpan(108, 8), 0);
        Octal(block.AsSpan(116, 8), 0);
        Octal(block.AsSpan(SizeOffset, 12), size);
        Octal(block.AsSpan(TimeOffset, 12), modificationTime);
        block[TypeOffset] = (byte)type;
        Octal(block.AsSpan(329, 8), 0);
        Octal(block.AsSpan(337, 8), 0);
        return Named(block, path, link, new SortedDictionary<string, byte[]>(StringComparer.Ordinal));
    }

    /// <summary>A member's headers with another name, and with another target if it is a link. All else they say stays.</summary>
    /// <param name="headers">From the member's begin to its data, as <see cref="TarArchive"/> has read them.</param>
    /// <param name="path">The new name.</param>
    /// <param name="link">The new target, or the one it has.</param>
    /// <exception cref="ArgumentException">They end without the member's own header.</exception>
    internal static byte[] Renamed(ReadOnlySpan<byte> headers, string path, string link)
    {
        var records = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (headers.Length >= BlockSize && TryParseHeader(headers[..BlockSize], out TarHeader header, out _))
        {
            if (header.Type is not (PaxHeader or PaxGlobalHeader or GnuLongName or GnuLongLink))
            {
                return Named(headers[..BlockSize].ToArray(), path, link, new SortedDictionary<string, byte[]>(records, StringComparer.Ordinal));
            }

            if (header.Type is PaxHeader && !TryParseRecords(headers.Slice(BlockSize, (int)header.Size), records))
            {
                break;
            }

            headers = headers[(int)(BlockSize + Padded(header.Size))..];
        }

        throw new ArgumentException("no member's headers", nameof(headers));
    }

    /// <summary>A header block with its names, and an extended header before it if there are records for one.</summary>
    private static byte[] Named(byte[] block, string path, string link, SortedDictionary<string, byte[]> records)
    {
        // GNU tar has times where others have the front of a long name; nothing reads them.
        block.AsSpan(PrefixOffset).Clear();
        SetMagic(block);
        SetName(block.AsSpan(0, NameLength), "path", path, records);
        SetName(block.AsSpan(LinkOffset, NameLength), "linkpath", link, records);
        SetChecksum(block);
        if (records.Count == 0)
        {
            return block;
        }

        byte[] data = [.. records.SelectMany(record => Record(record.Key, record.Value))];
        byte[] extended = new byte[BlockSize];
        "./PaxHeaders/member"u8.CopyTo(extended);
        block.AsSpan(ModeOffset, SizeOffset - ModeOffset).CopyTo(extended.AsSpan(ModeOffset));
        Octal(extended.AsSpan(SizeOffset, 12), data.Length);
        block.AsSpan(TimeOffset, 12).CopyTo(extended.AsSpan(TimeOffset));
        extended[TypeOffset] = (byte)PaxHeader;
        SetMagic(extended);
        SetChecksum(extended);
        return [.. extended, .. data, .. new byte[Padded(data.Length) - data.Length], .. block];
    }

    private static void SetMagic(byte[] block) => "ustar\000"u8.CopyTo(block.AsSpan(MagicOffset, MagicLength));

    /// <summary>A name goes into its field, or into a record where it does not fit; the field then has its begin.</summary>
    private static void SetName(Span<byte> field, string key, string value, SortedDictionary<string, byte[]> records)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        field.Clear();
        bytes.AsSpan(0, Math.Min(bytes.Length, field.Length - 1)).CopyTo(field);
        if (bytes.Length < field.Length)
        {
            records.Remove(key);
        }
        else
        {
            records[key] = bytes;
        }
    }

    /// <summary><c>length key=value\n</c>, where the length counts its own digits.</summary>
    private static byte[] Record(string key, byte[] value)
    {
        int others = Encoding.UTF8.GetByteCount(key) + value.Length + " =\n".Length;
        int length = others + 1;
        while ($"{length}".Length + others > length)
        {
            length++;
        }

        return [.. Encoding.UTF8.GetBytes($"{length} {key}="), .. value, (byte)'\n'];
    }

    private static void Octal(Span<byte> field, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(field.Length - 1, '0'), field);

    private static void SetChecksum(byte[] block) =>
        Encoding.ASCII.GetBytes(Convert.ToString(Checksum(block), 8).PadLeft(6, '0') + "\0 ").CopyTo(block, ChecksumOffset);
}
