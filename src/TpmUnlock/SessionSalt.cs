using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>Makes a random salt and encrypts it to a key of the TPM (TPM 2.0 Library part 1, B.10.2 for RSA and C.6.3 for ECC).</summary>
internal static class SessionSalt
{
    private const int MaximumDraws = 8;

    /// <summary>
    /// Fills <paramref name="salt"/>, as long as the key's name hash, and appends its encryption as a TPM2B_ENCRYPTED_SECRET.
    /// </summary>
    internal static void Make(PublicArea key, scoped Span<byte> salt, ref WireWriter writer)
    {
        DigestAlgorithm hash = EntityName.Digest(key.NameHash);
        int start = writer.BeginSized();
        bool made = key switch
        {
            { Type: AlgorithmId.Ecc, Curve: PublicArea.CurveNistP256 } => Ecc(key, hash, salt, ref writer),
            { Type: AlgorithmId.Rsa } => Rsa(key, hash, salt, ref writer),
            _ => false,
        };
        writer.EndSized(start);
        if (!made)
        {
            throw new TpmException(
                TpmFailure.BadAnswer,
                $"the TPM's {Algorithms.Name(key.Type)} key cannot take a salt: neither a point of P-256 nor an RSA key");
        }
    }

    private static bool Ecc(PublicArea key, DigestAlgorithm hash, scoped Span<byte> salt, ref WireWriter writer)
    {
        // Leading zeros may be missing on the wire.
        Span<byte> keyX = stackalloc byte[P256.Length];
        Span<byte> keyY = stackalloc byte[P256.Length];
        if (!Pad(key.EccX, keyX) || !Pad(key.EccY, keyY))
        {
            return false;
        }

        Span<byte> scalar = stackalloc byte[P256.Length];
        Span<byte> shared = stackalloc byte[P256.Length];
        Span<byte> x = stackalloc byte[P256.Length];
        Span<byte> y = stackalloc byte[P256.Length];
        try
        {
            int draws = 0;
            do
            {
                RandomBytes.Fill(scalar);
            }
            while (!P256.IsScalar(scalar) && ++draws < MaximumDraws);

            P256.PublicPoint(scalar, x, y);
            if (!P256.TryAgree(scalar, keyX, keyY, shared))
            {
                return false;
            }

            TpmKdf.DeriveE(hash, shared, "SECRET"u8, x, key.EccX, salt);
            writer.Sized(x);
            writer.Sized(y);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
            CryptographicOperations.ZeroMemory(shared);
        }
    }

    private static bool Rsa(PublicArea key, DigestAlgorithm hash, scoped Span<byte> salt, ref WireWriter writer)
    {
        Span<byte> seed = stackalloc byte[DigestAlgorithms.MaximumLength];
        seed = seed[..hash.LengthInBytes()];
        RandomBytes.Fill(seed);
        RandomBytes.Fill(salt);
        uint exponent = key.RsaExponent == 0 ? PublicArea.DefaultExponent : key.RsaExponent;
        Span<byte> cipher = writer.Reserve(key.RsaModulus.Length);
        bool done = cipher.Length == key.RsaModulus.Length
            && RsaOaep.TryEncrypt(hash, key.RsaModulus, exponent, "SECRET\0"u8, salt, seed, cipher);
        CryptographicOperations.ZeroMemory(seed);
        return done;
    }

    private static bool Pad(ReadOnlySpan<byte> number, Span<byte> padded)
    {
        if (number.Length > padded.Length)
        {
            return false;
        }

        padded.Clear();
        number.CopyTo(padded[^number.Length..]);
        return true;
    }
}
