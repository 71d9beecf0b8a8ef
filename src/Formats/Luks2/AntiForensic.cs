using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// LUKS' anti-forensic splitter: a key becomes many stripes, and no one who lacks a single stripe can make it again. This type
/// merges stripe by stripe, so that the stripes are never all in the clear; Dispose wipes it. Source: LUKS1 specification, 2.4.
/// </summary>
public ref struct AntiForensic : IDisposable
{
    /// <summary>The longest key, in bytes.</summary>
    public const int MaximumKeyLength = 64;

    private StackDigest _digest;
    private readonly int _digestLength;
    private readonly Span<byte> _state;

    /// <summary>A merge that has seen no stripe.</summary>
    /// <param name="hash">The digest that spreads each stripe over the next.</param>
    /// <param name="state">As long as the key, a multiple of 8 bytes; it becomes the key with the last stripe. The caller wipes it.</param>
    public AntiForensic(DigestAlgorithm hash, Span<byte> state)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(state.Length, MaximumKeyLength, nameof(state));
        ArgumentOutOfRangeException.ThrowIfNotEqual(state.Length % sizeof(ulong), 0, nameof(state));
        _digest = new StackDigest(hash);
        _digestLength = hash.LengthInBytes();
        _state = state;
        _state.Clear();
    }

    /// <summary>Takes in one stripe that is not the last.</summary>
    public void Append(scoped ReadOnlySpan<byte> stripe)
    {
        Finish(stripe);
        Diffuse();
    }

    /// <summary>Takes in the last stripe: the state is now the key.</summary>
    public readonly void Finish(scoped ReadOnlySpan<byte> stripe)
    {
        Span<ulong> state = MemoryMarshal.Cast<byte, ulong>(_state);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(stripe)[..state.Length];
        for (int i = 0; i < words.Length; i++)
        {
            state[i] ^= words[i];
        }
    }

    /// <summary>Wipes what was between two stripes; the state is the caller's.</summary>
    public void Dispose() => _digest.Dispose();

    /// <summary>Splits a key in place.</summary>
    /// <param name="hash">The digest that spreads each stripe over the next.</param>
    /// <param name="key">The key.</param>
    /// <param name="stripes">A multiple of the key's length, all but the last stripe filled with random bytes by the caller.</param>
    public static void Split(DigestAlgorithm hash, ReadOnlySpan<byte> key, Span<byte> stripes)
    {
        if (key.IsEmpty || stripes.IsEmpty || stripes.Length % key.Length != 0)
        {
            throw new ArgumentException("not a whole number of stripes", nameof(stripes));
        }

        Span<byte> last = stripes[^key.Length..];
        using var merge = new AntiForensic(hash, last);
        for (stripes = stripes[..^key.Length]; !stripes.IsEmpty; stripes = stripes[key.Length..])
        {
            merge.Append(stripes[..key.Length]);
        }

        merge.Finish(key);
    }

    /// <summary>
    /// Each piece of the state, as long as a digest, becomes the digest of its number and itself; the last is cut to its length.
    /// </summary>
    private void Diffuse()
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        Span<byte> output = stackalloc byte[DigestAlgorithms.MaximumLength];
        uint index = 0;
        for (Span<byte> rest = _state; !rest.IsEmpty; index++)
        {
            int length = Math.Min(rest.Length, _digestLength);
            BinaryPrimitives.WriteUInt32BigEndian(number, index);
            _digest.Append(number);
            _digest.Append(rest[..length]);
            _digest.Finish(output);
            output[..length].CopyTo(rest);
            rest = rest[length..];
        }

        CryptographicOperations.ZeroMemory(output);
    }
}
