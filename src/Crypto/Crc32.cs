using System;

namespace InitRuntime.Crypto;

/// <summary>
/// The CRC-32 of IEEE 802.3: that of zlib, of UEFI's CalculateCrc32, of GPT and of BGENV.DAT. It finds accidents, not attacks.
/// </summary>
public static class Crc32
{
    /// <summary>0x04c11db7, bits reversed.</summary>
    private const uint ReversedPolynomial = 0xedb88320;

    private static readonly uint[] _table = MakeTable();

    /// <summary>The CRC of one whole message.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The CRC of a message whose front part has the CRC <paramref name="crc"/> (0 for an empty one), as zlib's crc32().</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint[] table = _table;
        crc = ~crc;
        foreach (byte value in data)
        {
            crc = table[(crc ^ value) & 0xff] ^ (crc >> 8);
        }

        return ~crc;
    }

    /// <summary>
    /// The four bytes, little endian, that give a message this CRC when they stand between a front part and an end. For changes of data
    /// whose CRC stands elsewhere and shall stay the same.
    /// </summary>
    /// <param name="crc">CRC of the front part.</param>
    /// <param name="end">What follows the four bytes.</param>
    /// <param name="wanted">CRC of the whole.</param>
    public static uint Bridge(uint crc, ReadOnlySpan<byte> end, uint wanted)
    {
        uint state = ~wanted;
        for (int i = end.Length - 1; i >= 0; i--)
        {
            state = Undo(state, bits: 8) ^ end[i];
        }

        return Undo(state, bits: 32) ^ ~crc;
    }

    /// <summary>The register before it took in this many bits of zero. The polynomial's highest bit is set, so each step tells what it did.</summary>
    private static uint Undo(uint state, int bits)
    {
        for (int i = 0; i < bits; i++)
        {
            state = unchecked(state >> 31 == 0 ? state << 1 : ((state ^ ReversedPolynomial) << 1) | 1);
        }

        return state;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ ReversedPolynomial;
            }

            table[i] = crc;
        }

        return table;
    }
}
