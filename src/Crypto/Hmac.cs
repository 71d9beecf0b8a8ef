using System;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// HMAC over any <see cref="DigestAlgorithm"/>, its whole state in the caller's frame and wiped by Dispose.
/// Source: RFC 2104, FIPS 198-1.
/// </summary>
public ref struct Hmac : IDisposable
{
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5c;
    private const int LongestBlock = 128;

    private readonly int _length;
    private StackDigest _inner;
    private StackDigest _outer;

    /// <summary>An HMAC of the empty message so far.</summary>
    /// <param name="algorithm">The digest.</param>
    /// <param name="key">Of any length; one longer than a block is hashed first, as the RFC says.</param>
    public Hmac(DigestAlgorithm algorithm, scoped ReadOnlySpan<byte> key)
    {
        _length = algorithm.LengthInBytes();
        _inner = new StackDigest(algorithm);
        _outer = new StackDigest(algorithm);
        Span<byte> padded = stackalloc byte[LongestBlock];
        padded.Clear();
        padded = padded[..algorithm.BlockLengthInBytes()];
        if (key.Length <= padded.Length)
        {
            key.CopyTo(padded);
        }
        else
        {
            _inner.Append(key);
            _inner.Finish(padded);
        }

        Xor(padded, InnerPad);
        _inner.Append(padded);
        Xor(padded, InnerPad ^ OuterPad);
        _outer.Append(padded);
        CryptographicOperations.ZeroMemory(padded);
    }

    /// <summary>Takes in the next bytes of the message.</summary>
    public void Append(scoped ReadOnlySpan<byte> data) => _inner.Append(data);

    /// <summary>
    /// Writes the code, as long as the digest, to the front of <paramref name="result"/>. The object is used up.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="result"/> is too short.</exception>
    public void Finish(scoped Span<byte> result)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(result.Length, _length, nameof(result));
        Span<byte> inner = stackalloc byte[DigestAlgorithms.MaximumLength];
        _inner.Finish(inner);
        _outer.Append(inner[.._length]);
        _outer.Finish(result);
        CryptographicOperations.ZeroMemory(inner);
    }

    /// <summary>Wipes what depends on the key.</summary>
    public void Dispose()
    {
        _inner.Dispose();
        _outer.Dispose();
    }

    /// <summary>The code of one whole message, written to the front of <paramref name="result"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="result"/> is shorter than the digest.</exception>
    public static void Compute(DigestAlgorithm algorithm, scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> message, scoped Span<byte> result)
    {
        using var hmac = new Hmac(algorithm, key);
        hmac.Append(message);
        hmac.Finish(result);
    }

    /// <summary>The states after the padded key, from which PBKDF2 starts each round.</summary>
    internal readonly void CopyKeyedStates<TWord>(scoped Span<TWord> inner, scoped Span<TWord> outer)
        where TWord : unmanaged
    {
        _inner.CopyState(inner);
        _outer.CopyState(outer);
    }

    private static void Xor(Span<byte> block, byte pad)
    {
        foreach (ref byte value in block)
        {
            value ^= pad;
        }
    }
}
