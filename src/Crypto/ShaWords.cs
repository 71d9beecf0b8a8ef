using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InitRuntime.Crypto;

/// <summary>The big-endian bytes of SHA as native words, and back. Source: FIPS 180-4, 3.1.</summary>
internal static class ShaWords
{
    /// <summary>Length of one message block, in bytes.</summary>
    internal static int BlockLengthInBytes(this DigestAlgorithm algorithm) =>
        algorithm is DigestAlgorithm.Sha384 or DigestAlgorithm.Sha512 ? 128 : 64;

    /// <summary>Fills all of <paramref name="words"/> from as many bytes.</summary>
    internal static void FromBytes<TWord>(ReadOnlySpan<byte> bytes, Span<TWord> words)
        where TWord : unmanaged, IBinaryInteger<TWord>
    {
        bytes[..(words.Length * Unsafe.SizeOf<TWord>())].CopyTo(MemoryMarshal.AsBytes(words));
        SwapIfLittleEndian(words);
    }

    /// <summary>Fills all of <paramref name="bytes"/> from the first words.</summary>
    internal static void ToBytes<TWord>(ReadOnlySpan<TWord> words, Span<byte> bytes)
        where TWord : unmanaged, IBinaryInteger<TWord>
    {
        int size = Unsafe.SizeOf<TWord>();
        for (int i = 0; i * size < bytes.Length; i++)
        {
            words[i].WriteBigEndian(bytes.Slice(i * size, size));
        }
    }

    private static void SwapIfLittleEndian<TWord>(Span<TWord> words)
        where TWord : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
        {
            return;
        }

        if (Unsafe.SizeOf<TWord>() == sizeof(uint))
        {
            Span<uint> narrow = MemoryMarshal.Cast<TWord, uint>(words);
            BinaryPrimitives.ReverseEndianness(narrow, narrow);
        }
        else
        {
            Span<ulong> wide = MemoryMarshal.Cast<TWord, ulong>(words);
            BinaryPrimitives.ReverseEndianness(wide, wide);
        }
    }
}
