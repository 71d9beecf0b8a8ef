using System;

namespace InitRuntime.Formats.Overlay;

/// <summary>What an entry of a root is, in short: two entries with the same digest are the same. The first 128 bits of a SHA-256.</summary>
/// <param name="High">The first 64 bits.</param>
/// <param name="Low">The others.</param>
public readonly record struct ListedDigest(ulong High, ulong Low)
{
    /// <summary>Length as text, in hex digits.</summary>
    public const int TextLength = 32;

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
