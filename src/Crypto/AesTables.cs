using System;
using System.Numerics;
using System.Runtime.CompilerServices;

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

    /// <summary>Encrypts four columns whose first byte is the lowest, in place (FIPS 197, 5.1).</summary>
    internal static void Encrypt(ReadOnlySpan<uint> roundKeys, Span<uint> block)
    {
        ReadOnlySpan<uint> table = _encrypt.AsSpan(0, 256);
        Span<uint> b = block[..4];
        uint c0 = b[0] ^ roundKeys[0], c1 = b[1] ^ roundKeys[1], c2 = b[2] ^ roundKeys[2], c3 = b[3] ^ roundKeys[3];
        ReadOnlySpan<uint> k = roundKeys[4..];
        for (; k.Length > 4; k = k[4..])
        {
            uint t0 = Column(table, c0, c1, c2, c3) ^ k[0];
            uint t1 = Column(table, c1, c2, c3, c0) ^ k[1];
            uint t2 = Column(table, c2, c3, c0, c1) ^ k[2];
            c3 = Column(table, c3, c0, c1, c2) ^ k[3];
            (c0, c1, c2) = (t0, t1, t2);
        }

        ReadOnlySpan<byte> last = _substitute.AsSpan(0, 256);
        b[0] = Last(last, c0, c1, c2, c3) ^ k[0];
        b[1] = Last(last, c1, c2, c3, c0) ^ k[1];
        b[2] = Last(last, c2, c3, c0, c1) ^ k[2];
        b[3] = Last(last, c3, c0, c1, c2) ^ k[3];
    }

    /// <summary>Decrypts four columns in place, with the round keys of the equivalent inverse cipher (FIPS 197, 5.3.5).</summary>
    internal static void Decrypt(ReadOnlySpan<uint> roundKeys, Span<uint> block)
    {
        ReadOnlySpan<uint> table = _decrypt.AsSpan(0, 256);
        Span<uint> b = block[..4];
        uint c0 = b[0] ^ roundKeys[0], c1 = b[1] ^ roundKeys[1], c2 = b[2] ^ roundKeys[2], c3 = b[3] ^ roundKeys[3];
        ReadOnlySpan<uint> k = roundKeys[4..];
        for (; k.Length > 4; k = k[4..])
        {
            uint t0 = Column(table, c0, c3, c2, c1) ^ k[0];
            uint t1 = Column(table, c1, c0, c3, c2) ^ k[1];
            uint t2 = Column(table, c2, c1, c0, c3) ^ k[2];
            c3 = Column(table, c3, c2, c1, c0) ^ k[3];
            (c0, c1, c2) = (t0, t1, t2);
        }

        ReadOnlySpan<byte> last = _inverseSubstitute.AsSpan(0, 256);
        b[0] = Last(last, c0, c3, c2, c1) ^ k[0];
        b[1] = Last(last, c1, c0, c3, c2) ^ k[1];
        b[2] = Last(last, c2, c1, c0, c3) ^ k[2];
        b[3] = Last(last, c3, c2, c1, c0) ^ k[3];
    }

    /// <summary>One column of a round: bytes of four columns, as ShiftRows brings them together, through the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Column(ReadOnlySpan<uint> table, uint row0, uint row1, uint row2, uint row3) =>
        table[(int)(row0 & 0xff)]
        ^ BitOperations.RotateLeft(table[(int)((row1 >> 8) & 0xff)], 8)
        ^ BitOperations.RotateLeft(table[(int)((row2 >> 16) & 0xff)], 16)
        ^ BitOperations.RotateLeft(table[(int)(row3 >> 24)], 24);

    /// <summary>The same in the last round, which does not mix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Last(ReadOnlySpan<byte> substitute, uint row0, uint row1, uint row2, uint row3) =>
        substitute[(int)(row0 & 0xff)]
        | ((uint)substitute[(int)((row1 >> 8) & 0xff)] << 8)
        | ((uint)substitute[(int)((row2 >> 16) & 0xff)] << 16)
        | ((uint)substitute[(int)(row3 >> 24)] << 24);

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
