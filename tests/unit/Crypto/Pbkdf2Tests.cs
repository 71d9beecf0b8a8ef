using System;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Crypto;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class Pbkdf2Tests
{
    [Theory]
    // RFC 6070, 2.
    [InlineData(DigestAlgorithm.Sha1, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6")]
    [InlineData(DigestAlgorithm.Sha1, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1")]
    [InlineData(DigestAlgorithm.Sha1, "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038")]
    [InlineData(DigestAlgorithm.Sha1, "pass\0word", "sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3")]
    // RFC 7914, 11.
    [InlineData(DigestAlgorithm.Sha256, "passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783")]
    [InlineData(DigestAlgorithm.Sha256, "Password", "NaCl", 80000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d")]
    public void It_gives_the_keys_of_the_RFCs(DigestAlgorithm algorithm, string password, string salt, int iterations, string expected)
    {
        byte[] key = new byte[expected.Length / 2];
        Pbkdf2.DeriveKey(algorithm, Encoding.ASCII.GetBytes(password), Encoding.ASCII.GetBytes(salt), iterations, key);
        Assert.Equal(expected, Convert.ToHexStringLower(key));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha1)]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha384)]
    [InlineData(DigestAlgorithm.Sha512)]
    public void It_equals_the_platforms_for_keys_of_several_blocks_and_long_passwords(DigestAlgorithm algorithm)
    {
        var name = new HashAlgorithmName(algorithm.ToString().ToUpperInvariant());
        foreach (int passwordLength in (ReadOnlySpan<int>)[0, 1, 44, 64, 65, 128, 129, 300])
        {
            byte[] password = new byte[passwordLength];
            password.AsSpan().Fill(0x5a);
            foreach (int keyLength in (ReadOnlySpan<int>)[1, 20, 32, 33, 64, 65, 150])
            {
                byte[] key = new byte[keyLength];
                Pbkdf2.DeriveKey(algorithm, password, "salt of some length"u8, 3, key);
                Assert.Equal(Rfc2898DeriveBytes.Pbkdf2(password, "salt of some length"u8, 3, name, keyLength), key);
            }
        }
    }
}
