using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// PBKDF2 with HMAC. The keyed states are made once, and each further round is exactly two runs of the compression function
/// over words; nothing is allocated. Source: RFC 8018, 5.2.
/// </summary>
public static class Pbkdf2
{
    /// <summary>Derives a key from a password.</summary>
    /// <param name="algorithm">The digest under HMAC.</param>
    /// <param name="password">Of any length.</param>
    /// <param name="salt">Of any length.</param>
    /// <param name="iterations">At least 1.</param>
    /// <param name="key">Filled whole.</param>
    public static void DeriveKey(
        DigestAlgorithm algorithm, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int iterations, Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        switch (algorithm)
        {
            case DigestAlgorithm.Sha1:
                DeriveKey<Sha1Block, uint>(algorithm, password, salt, iterations, key);
                break;
            case DigestAlgorithm.Sha256:
                DeriveKey<Sha256Block, uint>(algorithm, password, salt, iterations, key);
                break;
            case DigestAlgorithm.Sha384:
                DeriveKey<Sha384Block, ulong>(algorithm, password, salt, iterations, key);
                break;
            default:
                DeriveKey<Sha512Block, ulong>(algorithm, password, salt, iterations, key);
                break;
        }
    }

    private static void DeriveKey<TBlock, TWord>(
        DigestAlgorithm algorithm, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int iterations, Span<byte> key)
        where TBlock : IShaBlock<TWord>
        where TWord : unmanaged, IBinaryInteger<TWord>
    {
        Span<byte> output = stackalloc byte[DigestAlgorithms.MaximumLength];
        output = output[..(TBlock.DigestWords * Unsafe.SizeOf<TWord>())];
        Span<byte> number = stackalloc byte[sizeof(uint)];
        int stateWords = TBlock.InitialState.Length;
        Span<TWord> keyed = stackalloc TWord[2 * stateWords];
        for (uint block = 1; !key.IsEmpty; block++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, block);
            using (var hmac = new Hmac(algorithm, password))
            {
                hmac.CopyKeyedStates(keyed[..stateWords], keyed[stateWords..]);
                hmac.Append(salt);
                hmac.Append(number);
                hmac.Finish(output);
            }

            Rounds<TBlock, TWord>(keyed, iterations, output);
            int taken = Math.Min(key.Length, output.Length);
            output[..taken].CopyTo(key);
            key = key[taken..];
        }

        CryptographicOperations.ZeroMemory(output);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(keyed));
    }

    /// <summary>From U_1 in <paramref name="output"/> to T_i of the RFC there: U_1 xor .. xor U_c.</summary>
    private static void Rounds<TBlock, TWord>(ReadOnlySpan<TWord> keyed, int iterations, Span<byte> output)
        where TBlock : IShaBlock<TWord>
        where TWord : unmanaged, IBinaryInteger<TWord>
    {
        int stateWords = TBlock.InitialState.Length;
        int digestWords = TBlock.DigestWords;
        ReadOnlySpan<TWord> innerKeyed = keyed[..stateWords];
        ReadOnlySpan<TWord> outerKeyed = keyed[stateWords..];
        Span<TWord> scratch = stackalloc TWord[(2 * stateWords) + TBlock.ScheduleWords];
        Span<TWord> state = scratch[..stateWords];
        Span<TWord> sum = scratch.Slice(stateWords, digestWords);
        Span<TWord> schedule = scratch[(2 * stateWords)..];
        Span<TWord> message = schedule[..digestWords];
        ShaWords.FromBytes(output, message);
        message.CopyTo(sum);

        // Both messages of a round are one digest behind one block of key: the padding never changes.
        Span<TWord> padding = schedule[digestWords..IShaBlock<TWord>.BlockWords];
        padding.Clear();
        padding[0] = TWord.One << ((8 * Unsafe.SizeOf<TWord>()) - 1);
        padding[^1] = TWord.CreateTruncating(((IShaBlock<TWord>.BlockWords * Unsafe.SizeOf<TWord>()) + output.Length) * 8);
        for (int i = 1; i < iterations; i++)
        {
            innerKeyed.CopyTo(state);
            TBlock.Compress(state, schedule);
            state[..digestWords].CopyTo(message);
            outerKeyed.CopyTo(state);
            TBlock.Compress(state, schedule);
            state[..digestWords].CopyTo(message);
            for (int word = 0; word < sum.Length; word++)
            {
                sum[word] ^= message[word];
            }
        }

        ShaWords.ToBytes<TWord>(sum, output);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(scratch));
    }
}
