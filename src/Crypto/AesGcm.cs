using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// AES-GCM with a 96-bit initialisation vector and a whole 128-bit tag, as JSON Web Encryption (A256GCM) uses it; made for
/// messages of a few kilobytes. GHASH runs bit by bit, in a time that does not depend on the key. Source: NIST SP 800-38D, 7.
/// </summary>
public static class AesGcm
{
    /// <summary>Length of the initialisation vector, in bytes.</summary>
    public const int IvLength = 12;

    /// <summary>Length of the tag, in bytes.</summary>
    public const int TagLength = 16;

    /// <summary>The longest message, in bytes: far above any key, far below the mode's own limit.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>x^128 = x^7 + x^2 + x + 1, with the bit order of GCM (SP 800-38D, 6.3).</summary>
    private static readonly UInt128 _reduction = (UInt128)0xe1 << 120;

    /// <summary>Checks the tag and only then decrypts; on a wrong tag nothing is written.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <param name="iv">12 bytes.</param>
    /// <param name="associatedData">Covered by the tag, not encrypted.</param>
    /// <param name="cipher">The cipher text.</param>
    /// <param name="tag">16 bytes.</param>
    /// <param name="plain">As long as <paramref name="cipher"/>.</param>
    public static bool TryDecrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> cipher, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        if (iv.Length != IvLength || tag.Length != TagLength || plain.Length != cipher.Length
            || cipher.Length > MaximumLength || associatedData.Length > MaximumLength)
        {
            throw new ArgumentException("wrong length of the vector, the tag, the message or the result");
        }

        using var aes = new AesKey(key);
        Span<byte> expected = stackalloc byte[TagLength];
        Tag(in aes, iv, associatedData, cipher, expected);
        bool genuine = CryptographicOperations.FixedTimeEquals(expected, tag);
        CryptographicOperations.ZeroMemory(expected);
        if (genuine)
        {
            cipher.CopyTo(plain);
            XorKeyStream(in aes, iv, plain);
        }

        return genuine;
    }

    private static void XorKeyStream(in AesKey aes, ReadOnlySpan<byte> iv, Span<byte> data)
    {
        Span<byte> stream = stackalloc byte[AesKey.BlockLength];
        for (uint counter = 2; !data.IsEmpty; counter++)
        {
            Counter(in aes, iv, counter, stream);
            int taken = Math.Min(data.Length, stream.Length);
            for (int i = 0; i < taken; i++)
            {
                data[i] ^= stream[i];
            }

            data = data[taken..];
        }

        CryptographicOperations.ZeroMemory(stream);
    }

    private static void Tag(in AesKey aes, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> cipher, Span<byte> tag)
    {
        Span<byte> block = stackalloc byte[AesKey.BlockLength];
        block.Clear();
        aes.EncryptBlock(block, block);
        UInt128 hashKey = BinaryPrimitives.ReadUInt128BigEndian(block);
        UInt128 hash = Absorb(UInt128.Zero, hashKey, associatedData);
        hash = Absorb(hash, hashKey, cipher);
        var lengths = new UInt128((ulong)associatedData.Length * 8, (ulong)cipher.Length * 8);
        hash = Multiply(hash ^ lengths, hashKey);
        Counter(in aes, iv, 1, block);
        BinaryPrimitives.WriteUInt128BigEndian(tag, hash ^ BinaryPrimitives.ReadUInt128BigEndian(block));
        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>GHASH over one part, its last block filled up with zeros.</summary>
    private static UInt128 Absorb(UInt128 hash, UInt128 hashKey, ReadOnlySpan<byte> data)
    {
        Span<byte> block = stackalloc byte[AesKey.BlockLength];
        while (!data.IsEmpty)
        {
            int taken = Math.Min(data.Length, block.Length);
            block.Clear();
            data[..taken].CopyTo(block);
            hash = Multiply(hash ^ BinaryPrimitives.ReadUInt128BigEndian(block), hashKey);
            data = data[taken..];
        }

        return hash;
    }

    /// <summary>SP 800-38D, 6.3, algorithm 1; masks in place of branches.</summary>
    private static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 product = UInt128.Zero;
        for (int bit = 127; bit >= 0; bit--)
        {
            product ^= y & Mask(x >> bit);
            y = (y >> 1) ^ (_reduction & Mask(y));
        }

        return product;
    }

    /// <summary>All ones if the lowest bit is set, else zero.</summary>
    private static UInt128 Mask(UInt128 value) => unchecked(UInt128.Zero - (value & UInt128.One));

    private static void Counter(in AesKey aes, ReadOnlySpan<byte> iv, uint counter, Span<byte> block)
    {
        iv.CopyTo(block);
        BinaryPrimitives.WriteUInt32BigEndian(block[IvLength..], counter);
        aes.EncryptBlock(block, block);
    }
}
