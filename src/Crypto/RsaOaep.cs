using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// RSAES-OAEP encryption (RFC 8017, 7.1.1) with MGF1 and the label over the same hash, as a TPM's RSA key wants its salts.
/// </summary>
public static class RsaOaep
{
    /// <summary>Encrypts <paramref name="message"/> to a public key.</summary>
    /// <param name="hash">Of the label and the mask.</param>
    /// <param name="modulus">Big endian.</param>
    /// <param name="exponent">For example 65537.</param>
    /// <param name="label">With its terminating zero, where the format has one.</param>
    /// <param name="message">The secret.</param>
    /// <param name="seed">Random bytes, as many as the digest has.</param>
    /// <param name="cipher">As long as the modulus.</param>
    /// <returns>False when the modulus is not usable or too short for the message.</returns>
    public static bool TryEncrypt(
        DigestAlgorithm hash, ReadOnlySpan<byte> modulus, uint exponent, ReadOnlySpan<byte> label, ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> seed, Span<byte> cipher)
    {
        int digestLength = hash.LengthInBytes();
        if (modulus.Length > RsaPublicKey.MaximumModulusLength || seed.Length != digestLength
            || message.Length > modulus.Length - (2 * digestLength) - 2)
        {
            return false;
        }

        // 0x00, masked seed, masked data block: label digest, zeros, 0x01, message.
        Span<byte> encoded = stackalloc byte[RsaPublicKey.MaximumModulusLength];
        encoded = encoded[..modulus.Length];
        encoded.Clear();
        Span<byte> maskedSeed = encoded.Slice(1, digestLength);
        Span<byte> block = encoded[(1 + digestLength)..];
        Digest.Of(hash, label, block);
        block[^(message.Length + 1)] = 0x01;
        message.CopyTo(block[^message.Length..]);
        seed.CopyTo(maskedSeed);
        Mask(hash, maskedSeed, block);
        Mask(hash, block, maskedSeed);
        bool done = RsaPublicKey.TryApply(modulus, exponent, encoded, cipher);
        CryptographicOperations.ZeroMemory(encoded);
        return done;
    }

    /// <summary>MGF1 (RFC 8017, B.2.1), exclusive or-ed into <paramref name="target"/>.</summary>
    private static void Mask(DigestAlgorithm hash, ReadOnlySpan<byte> seed, Span<byte> target)
    {
        int length = hash.LengthInBytes();
        Span<byte> counter = stackalloc byte[sizeof(uint)];
        Span<byte> block = stackalloc byte[DigestAlgorithms.MaximumLength];
        uint number = 0;
        for (int done = 0; done < target.Length; done += length, number++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(counter, number);
            var digest = new StackDigest(hash);
            try
            {
                digest.Append(seed);
                digest.Append(counter);
                digest.Finish(block);
            }
            finally
            {
                digest.Dispose();
            }

            for (int i = 0; i < Math.Min(length, target.Length - done); i++)
            {
                target[done + i] ^= block[i];
            }
        }

        CryptographicOperations.ZeroMemory(block);
    }
}
