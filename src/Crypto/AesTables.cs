using System;
using System.Numerics;

namespace InitRuntime.Crypto;

/// <summary>
/// AES in tables, for processors without AES instructions. One table a direction: the other three of the usual four are its
/// rotations. Its time depends on the key through the cache, as that of any table AES. Source: FIPS 197.
/// </summary>
internal static class AesTables
{
    private static readonly byte[] _substitute = MakeSubstitute();
    private static readonly byte[] _inverseSubstitute = Invert(_substitute);
    private static readonly uint[] _encrypt = MakeRoundTable(_substitute, 0x02, 0x01, 0x01, 0x03);
    private static readonly uint[] _decrypt = MakeRoundTable(_inverseSubstitute, 0x0e, 0x09, 0x0d, 0x0b);

    /// <summary>SubWord() of FIPS 197, 5.2.</summary>
    internal static uint SubWord(uint word)
    {
        byte[] s = _substitute;
        return s[word & 0xff] | ((uint)s[(word >> 8) & 0xff] << 8) | ((uint)s[(word >> 16) & 0xff] << 16) | ((uint)s[word >> 24] << 24);
    }

    /// <summary>InvMixColumns() on one column, for the key schedule of the equivalent inverse cipher (FIPS 197, 5.3.5).</summary>
    internal static uint InverseMixColumn(uint column)
    {
        byte[] s = _substitute;
        uint[] t = _decrypt;
        return t[s[column & 0xff]]
            ^ BitOperations.RotateLeft(t[s[(column >> 8) & 0xff]], 8)
            ^ BitOperations.RotateLeft(t[s[(column >> 16) & 0xff]], 16)
            ^ BitOperations.RotateLeft(t[s[column >> 24]], 24);
    }

    /// <summary>Encrypts one block of four little-endian columns in place.</summary>
    internal static void Encrypt(ReadOnlySpan<uint> roundKeys, Span<uint> block) => Run(roundKeys, block, _encrypt, _substitute, 1);

    /// <summary>Decrypts one block in place, with the round keys of the equivalent inverse cipher.</summary>
    internal static void Decrypt(ReadOnlySpan<uint> roundKeys, Span<uint> block) => Run(roundKeys, block, _decrypt, _inverseSubstitute, 3);

    /// <param name="roundKeys">Four words for each round and four to begin with.</param>
    /// <param name="block">Four columns.</param>
    /// <param name="table">SubBytes and MixColumns of this direction in one.</param>
    /// <param name="last">SubBytes of this direction: the last round does not mix.</param>
    /// <param name="shift">Columns by which ShiftRows moves row 1: 1 to encrypt, 3 to decrypt.</param>
    private static void Run(ReadOnlySpan<uint> roundKeys, Span<uint> block, uint[] table, byte[] last, int shift)
    {
        Span<uint> b = block[..4];
        uint c0 = b[0] ^ roundKeys[0], c1 = b[1] ^ roundKeys[1], c2 = b[2] ^ roundKeys[2], c3 = b[3] ^ roundKeys[3];
        bool forward = shift == 1;
        for (int i = 4; i < roundKeys.Length - 4; i += 4)
        {
            ReadOnlySpan<uint> k = roundKeys.Slice(i, 4);
            (uint row1, uint row3) = forward ? (c1, c3) : (c3, c1);
            uint t0 = Column(table, c0, row1, c2, row3) ^ k[0];
            (row1, row3) = forward ? (c2, c0) : (c0, c2);
            uint t1 = Column(table, c1, row1, c3, row3) ^ k[1];
            (row1, row3) = forward ? (c3, c1) : (c1, c3);
            uint t2 = Column(table, c2, row1, c0, row3) ^ k[2];
            (row1, row3) = forward ? (c0, c2) : (c2, c0);
            uint t3 = Column(table, c3, row1, c1, row3) ^ k[3];
            (c0, c1, c2, c3) = (t0, t1, t2, t3);
        }

        ReadOnlySpan<uint> end = roundKeys[^4..];
        b[0] = (forward ? Last(last, c0, c1, c2, c3) : Last(last, c0, c3, c2, c1)) ^ end[0];
        b[1] = (forward ? Last(last, c1, c2, c3, c0) : Last(last, c1, c0, c3, c2)) ^ end[1];
        b[2] = (forward ? Last(last, c2, c3, c0, c1) : Last(last, c2, c1, c0, c3)) ^ end[2];
        b[3] = (forward ? Last(last, c3, c0, c1, c2) : Last(last, c3, c2, c1, c0)) ^ end[3];
    }

    private static uint Column(uint[] table, uint row0, uint row1, uint row2, uint row3) =>
        table[row0 & 0xff]
        ^ BitOperations.RotateLeft(table[(row1 >> 8) & 0xff], 8)
        ^ BitOperations.RotateLeft(table[(row2 >> 16) & 0xff], 16)
        ^ BitOperations.RotateLeft(table[row3 >> 24], 24);

    private static uint Last(byte[] substitute, uint row0, uint row1, uint row2, uint row3) =>
        substitute[row0 & 0xff]
        | ((uint)substitute[(row1 >> 8) & 0xff] << 8)
        | ((uint)substitute[(row2 >> 16) & 0xff] << 16)
        | ((uint)substitute[row3 >> 24] << 24);

    /// <summary>The S-box by its definition (FIPS 197, 5.1.1): the inverse in GF(2^8), then an affine map.</summary>
    private static byte[] MakeSubstitute()
    {
        // Walk all non-zero elements by powers of the generator 3, and their inverses by powers of 1/3, side by side.
        byte[] table = new byte[256];
        int element = 1;
        int inverse = 1;
        do
        {
            element = Multiply(element, 0x03);
            inverse = Multiply(inverse, 0xf6);
            int spread = inverse ^ (inverse << 1) ^ (inverse << 2) ^ (inverse << 3) ^ (inverse << 4);
            table[element] = (byte)((spread ^ (spread >> 8) ^ 0x63) & 0xff);
        }
        while (element != 1);

        table[0] = 0x63;
        return table;
    }

    private static byte[] Invert(byte[] table)
    {
        byte[] inverse = new byte[256];
        for (int i = 0; i < table.Length; i++)
        {
            inverse[table[i]] = (byte)i;
        }

        return inverse;
    }

    private static uint[] MakeRoundTable(byte[] substitute, int row0, int row1, int row2, int row3)
    {
        uint[] table = new uint[256];
        for (int i = 0; i < table.Length; i++)
        {
            int s = substitute[i];
            table[i] = (uint)Multiply(s, row0) | ((uint)Multiply(s, row1) << 8) | ((uint)Multiply(s, row2) << 16) | ((uint)Multiply(s, row3) << 24);
        }

        return table;
    }

    /// <summary>The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4.2).</summary>
    private static int Multiply(int a, int b)
    {
        int product = 0;
        for (int bits = b; bits != 0; bits >>= 1)
        {
            product ^= (bits & 1) * a;
            a = (a << 1) ^ ((a >> 7) * 0x11b);
        }

        return product;
    }
}
