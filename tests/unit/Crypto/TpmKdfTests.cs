using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Crypto;

/// <summary>Against OpenSSL, which has the NIST derivations that the TPM's are made of.</summary>
public sealed class TpmKdfTests
{
    [Theory]
    [InlineData(DigestAlgorithm.Sha1, 20, 16)]
    [InlineData(DigestAlgorithm.Sha256, 32, 32)]
    [InlineData(DigestAlgorithm.Sha256, 32, 100)]
    [InlineData(DigestAlgorithm.Sha384, 7, 48)]
    [InlineData(DigestAlgorithm.Sha512, 64, 65)]
    public void KDFa_is_openssl_s_KBKDF(DigestAlgorithm hash, int keyLength, int length)
    {
        byte[] key = RandomNumberGenerator.GetBytes(keyLength);
        byte[] u = RandomNumberGenerator.GetBytes(32);
        byte[] v = RandomNumberGenerator.GetBytes(20);
        byte[] result = new byte[length];
        TpmKdf.DeriveA(hash, key, "CFB"u8, u, v, result);
        string expected = Tools.Run(
            "openssl", "kdf", "-keylen", $"{length}", "-kdfopt", "mac:HMAC", "-kdfopt", $"digest:{hash.KernelName()}", "-kdfopt",
            $"hexkey:{Convert.ToHexString(key)}", "-kdfopt", "salt:CFB", "-kdfopt", $"hexinfo:{Convert.ToHexString(u)}{Convert.ToHexString(v)}", "KBKDF");
        Assert.Equal(expected.Trim().Replace(":", "", StringComparison.Ordinal), Convert.ToHexString(result));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256, 32)]
    [InlineData(DigestAlgorithm.Sha256, 40)]
    [InlineData(DigestAlgorithm.Sha384, 48)]
    public void KDFe_is_openssl_s_SSKDF(DigestAlgorithm hash, int length)
    {
        byte[] shared = RandomNumberGenerator.GetBytes(32);
        byte[] u = RandomNumberGenerator.GetBytes(32);
        byte[] v = RandomNumberGenerator.GetBytes(32);
        byte[] result = new byte[length];
        TpmKdf.DeriveE(hash, shared, "SECRET"u8, u, v, result);
        string expected = Tools.Run(
            "openssl", "kdf", "-keylen", $"{length}", "-kdfopt", $"digest:{hash.KernelName()}", "-kdfopt", $"hexkey:{Convert.ToHexString(shared)}",
            "-kdfopt", $"hexinfo:{Convert.ToHexString("SECRET\0"u8)}{Convert.ToHexString(u)}{Convert.ToHexString(v)}", "SSKDF");
        Assert.Equal(expected.Trim().Replace(":", "", StringComparison.Ordinal), Convert.ToHexString(result));
    }

    /// <summary>go-tpm's vector for the same function (github.com/google/go-tpm, legacy/tpm2/kdf_test.go).</summary>
    [Fact]
    public void KDFa_gives_a_published_vector()
    {
        byte[] result = new byte[16];
        TpmKdf.DeriveA(DigestAlgorithm.Sha256, "yolo\0"u8, "IDENTITY"u8, "kek\0"u8, "yoyo\0"u8, result);
        Assert.Equal("D2D72CC7A8A5EB09E8C79012E2DA9F22", Convert.ToHexString(result));
    }
}
