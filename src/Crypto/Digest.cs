using System;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;

namespace InitRuntime.Crypto;

/// <summary>
/// One running digest, to be used for any number of messages one after the other: append, finish, append again. Nothing is
/// allocated after its construction. Its inner state is a managed array until <see cref="Finish"/> or <see cref="Reset"/>
/// clears it, so no key belongs in it.
/// </summary>
public sealed class Digest(DigestAlgorithm algorithm)
{
    private readonly IDigest _digest = algorithm switch
    {
        DigestAlgorithm.Sha1 => new Sha1Digest(),
        DigestAlgorithm.Sha256 => new Sha256Digest(),
        DigestAlgorithm.Sha384 => new Sha384Digest(),
        DigestAlgorithm.Sha512 => new Sha512Digest(),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>Which digest this is.</summary>
    public DigestAlgorithm Algorithm { get; } = algorithm;

    /// <summary>Length of the result, in bytes.</summary>
    public int LengthInBytes { get; } = algorithm.LengthInBytes();

    /// <summary>Takes in the next bytes of the message.</summary>
    public void Append(ReadOnlySpan<byte> data) => _digest.BlockUpdate(data);

    /// <summary>Writes the digest of the message to the front of <paramref name="result"/> and begins a new, empty message.</summary>
    /// <exception cref="ArgumentException"><paramref name="result"/> is shorter than <see cref="LengthInBytes"/>.</exception>
    public void Finish(Span<byte> result)
    {
        if (result.Length < LengthInBytes)
        {
            throw new ArgumentException($"{result.Length} bytes, a {Algorithm.KernelName()} digest needs {LengthInBytes}", nameof(result));
        }

        _digest.DoFinal(result);
    }

    /// <summary>Drops what was taken in and begins a new, empty message.</summary>
    public void Reset() => _digest.Reset();

    /// <summary>The digest of one whole message, in a new array.</summary>
    public static byte[] Of(DigestAlgorithm algorithm, ReadOnlySpan<byte> data)
    {
        byte[] result = new byte[algorithm.LengthInBytes()];
        Of(algorithm, data, result);
        return result;
    }

    /// <summary>Writes the digest of one whole message to the front of <paramref name="result"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="result"/> is shorter than the digest.</exception>
    public static void Of(DigestAlgorithm algorithm, ReadOnlySpan<byte> data, Span<byte> result)
    {
        var digest = new Digest(algorithm);
        digest.Append(data);
        digest.Finish(result);
    }
}
