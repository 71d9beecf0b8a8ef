using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>Proves a volume key, and says which keyslots hold it and which segments use it. Source: LUKS2 specification, 3.4.</summary>
/// <param name="Number">Its number, which dm-crypt's key description also carries.</param>
/// <param name="Keyslots">Numbers of the keyslots that hold this key.</param>
/// <param name="Segments">Numbers of the segments that it decrypts.</param>
/// <param name="Hash">The digest under PBKDF2.</param>
/// <param name="Iterations">Rounds of PBKDF2.</param>
/// <param name="Salt">Its salt.</param>
/// <param name="Expected">What PBKDF2 of the right key gives.</param>
public sealed record Luks2Digest(
    int Number, int[] Keyslots, int[] Segments, DigestAlgorithm Hash, int Iterations, byte[] Salt, byte[] Expected)
{
    /// <summary>The longest result that is compared, in bytes.</summary>
    internal const int MaximumLength = 64;

    /// <summary>Whether this is the key, in a time that does not tell how nearly.</summary>
    public bool Matches(ReadOnlySpan<byte> volumeKey)
    {
        Span<byte> actual = stackalloc byte[MaximumLength];
        actual = actual[..Expected.Length];
        Pbkdf2.DeriveKey(Hash, volumeKey, Salt, Iterations, actual);
        bool equal = CryptographicOperations.FixedTimeEquals(actual, Expected);
        CryptographicOperations.ZeroMemory(actual);
        return equal;
    }
}
