using System;
using System.IO;
using System.Numerics;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class RsaTests
{
    [Theory]
    [InlineData(1024, 3u)]
    [InlineData(2048, 65537u)]
    [InlineData(3072, 65537u)]
    [InlineData(4096, 0xffff_fffbu)]
    public void The_public_operation_is_modular_exponentiation(int bits, uint exponent)
    {
        for (int i = 0; i < 8; i++)
        {
            byte[] modulus = RandomNumberGenerator.GetBytes(bits / 8);
            modulus[0] |= (byte)(i % 2 == 0 ? 0x80 : 0x01);
            modulus[^1] |= 1;
            byte[] message = RandomNumberGenerator.GetBytes(bits / 8);
            message[0] = (byte)(modulus[0] / 2);
            byte[] result = new byte[bits / 8];
            Assert.True(RsaPublicKey.TryApply(modulus, exponent, message, result));
            var expected = BigInteger.ModPow(new(message, true, true), exponent, new(modulus, true, true));
            Assert.Equal(expected, new BigInteger(result, true, true));
        }
    }

    [Fact]
    public void Extremes_of_the_message_are_right_and_unusable_keys_are_refused()
    {
        byte[] modulus = new byte[256];
        Array.Fill(modulus, (byte)0xff);
        byte[] result = new byte[256];
        byte[] less = (byte[])modulus.Clone();
        less[^1] = 0xfe;
        Assert.True(RsaPublicKey.TryApply(modulus, 3, less, result));
        Assert.Equal(new BigInteger(less, true, true), new BigInteger(result, true, true));
        Assert.True(RsaPublicKey.TryApply(modulus, 3, new byte[256], result));
        Assert.Equal(-1, result.AsSpan().IndexOfAnyExcept((byte)0));

        Assert.False(RsaPublicKey.TryApply(modulus, 3, modulus, result));
        Assert.False(RsaPublicKey.TryApply(modulus, 2, less, result));
        Assert.False(RsaPublicKey.TryApply(modulus, 1, less, result));
        Assert.False(RsaPublicKey.TryApply(less, 3, new byte[256], result));
        Assert.False(RsaPublicKey.TryApply(modulus.AsSpan(0, 64), 3, new byte[64], new byte[64]));
        Assert.False(RsaPublicKey.TryApply(modulus.AsSpan(0, 250), 3, new byte[250], new byte[250]));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha1)]
    public void What_is_encrypted_with_OAEP_openssl_decrypts(DigestAlgorithm hash)
    {
        using var directory = new TemporaryDirectory();
        using RSA key = RSA.Create(2048);
        RSAParameters numbers = key.ExportParameters(false);
        byte[] message = RandomNumberGenerator.GetBytes(32);
        byte[] cipher = new byte[256];
        Assert.True(RsaOaep.TryEncrypt(
            hash, numbers.Modulus!, 65537, "SECRET\0"u8, message, RandomNumberGenerator.GetBytes(hash.LengthInBytes()), cipher));
        File.WriteAllBytes(directory["cipher"], cipher);
        File.WriteAllText(directory["key"], key.ExportPkcs8PrivateKeyPem());
        Tools.Run(
            "openssl", "pkeyutl", "-decrypt", "-inkey", directory["key"], "-in", directory["cipher"], "-out", directory["plain"], "-pkeyopt",
            "rsa_padding_mode:oaep", "-pkeyopt", $"rsa_oaep_md:{hash.KernelName()}", "-pkeyopt", $"rsa_mgf1_md:{hash.KernelName()}", "-pkeyopt",
            $"rsa_oaep_label:{Convert.ToHexString("SECRET\0"u8)}");
        Assert.Equal(message, File.ReadAllBytes(directory["plain"]));
        Assert.False(RsaOaep.TryEncrypt(hash, numbers.Modulus!, 65537, default, new byte[256], new byte[hash.LengthInBytes()], cipher));
    }
}
