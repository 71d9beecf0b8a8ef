using System;
using System.Buffers.Binary;
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
        where TWord : unmanaged
    {
        bytes[..(words.Length * Unsafe.SizeOf<TWord>())].CopyTo(MemoryMarshal.AsBytes(words));
        Swap(words);
    }

    /// <summary>Fills all of <paramref name="bytes"/>, a whole number of words, from the first words.</summary>
    internal static void ToBytes<TWord>(ReadOnlySpan<TWord> words, Span<byte> bytes)
        where TWord : unmanaged
    {
        Span<TWord> target = MemoryMarshal.Cast<byte, TWord>(bytes);
        words[..target.Length].CopyTo(target);
        Swap(target);
    }

    /// <summary>Turns native words into big-endian ones and back, in place.</summary>
    internal static void Swap<TWord>(Span<TWord> words)
        where TWord : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
        {
            return;
        }

        // Word by word: BinaryPrimitives' own way over spans takes ten times the instructions on the x64 baseline.
        if (Unsafe.SizeOf<TWord>() == sizeof(uint))
        {
            foreach (ref uint word in MemoryMarshal.Cast<TWord, uint>(words))
            {
                word = BinaryPrimitives.ReverseEndianness(word);
            }
        }
        else
        {
            foreach (ref ulong word in MemoryMarshal.Cast<TWord, ulong>(words))
            {
                word = BinaryPrimitives.ReverseEndianness(word);
            }
        }
    }
}
