using System;
using System.Buffers.Binary;

namespace InitRuntime.Formats.Overlay;

/// <summary>
/// What an entry of a root is, in short: two entries with the same digest are the same. The first 128 bits of a SHA-256, where the last
/// one was set for a directory and cleared for anything else.
/// </summary>
/// <param name="High">The first 64 bits.</param>
/// <param name="Low">The others.</param>
public readonly record struct ListedDigest(ulong High, ulong Low)
{
    /// <summary>Length as text, in hex digits.</summary>
    public const int TextLength = 32;

    /// <summary>Whether the entry is a directory.</summary>
    public bool IsDirectory => (Low & 1) != 0;

    /// <summary>The digest of an entry.</summary>
    /// <param name="sha256">The begin of it, at least 16 bytes.</param>
    /// <param name="isDirectory">Whether the entry is a directory.</param>
    public static ListedDigest Of(ReadOnlySpan<byte> sha256, bool isDirectory)
    {
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(sha256[8..]);
        return new(BinaryPrimitives.ReadUInt64BigEndian(sha256), isDirectory ? low | 1 : low & ~1UL);
    }

    /// <summary>Reads 32 lower-case hex digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ListedDigest value)
    {
        value = default;
        if (text.Length != TextLength || !TryHalf(text[..(TextLength / 2)], out ulong high) || !TryHalf(text[(TextLength / 2)..], out ulong low))
        {
            return false;
        }

        value = new(high, low);
        return true;
    }

    /// <summary>As lower-case hex digits.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";

    private static bool TryHalf(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        foreach (byte b in text)
        {
            int digit = b switch
            {
                >= (byte)'0' and <= (byte)'9' => b - '0',
                >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
                _ => -1,
            };
            if (digit < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)digit;
        }

        return true;
    }
}
