using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Crypto;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class HmacTests
{
    /// <summary>RFC 4231, 4.2 to 4.4, 4.7 and 4.8 (SHA-2); RFC 2202, 3 (SHA-1).</summary>
    public static TheoryData<DigestAlgorithm, string, string, string> Vectors => new()
    {
        { DigestAlgorithm.Sha1, Repeated("0b", 20), Hex("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00" },
        { DigestAlgorithm.Sha1, Hex("Jefe"), Hex("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
        { DigestAlgorithm.Sha1, Repeated("aa", 80), Hex("Test Using Larger Than Block-Size Key - Hash Key First"), "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
        { DigestAlgorithm.Sha256, Repeated("0b", 20), Hex("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { DigestAlgorithm.Sha256, Hex("Jefe"), Hex("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { DigestAlgorithm.Sha256, Repeated("aa", 20), Repeated("dd", 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { DigestAlgorithm.Sha256, Repeated("aa", 131), Hex("Test Using Larger Than Block-Size Key - Hash Key First"), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { DigestAlgorithm.Sha384, Repeated("0b", 20), Hex("Hi There"), "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6" },
        { DigestAlgorithm.Sha384, Hex("Jefe"), Hex("what do ya want for nothing?"), "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649" },
        { DigestAlgorithm.Sha512, Repeated("0b", 20), Hex("Hi There"), "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
        { DigestAlgorithm.Sha512, Hex("Jefe"), Hex("what do ya want for nothing?"), "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void It_gives_the_codes_of_the_RFCs(DigestAlgorithm algorithm, string key, string message, string expected)
    {
        byte[] code = new byte[algorithm.LengthInBytes()];
        Hmac.Compute(algorithm, Convert.FromHexString(key), Convert.FromHexString(message), code);
        Assert.Equal(expected, Convert.ToHexStringLower(code));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha1)]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha384)]
    [InlineData(DigestAlgorithm.Sha512)]
    public void The_stack_digest_equals_the_platforms_at_every_length_and_split(DigestAlgorithm algorithm)
    {
        byte[] message = [.. Enumerable.Range(0, 300).Select(i => (byte)((i * 7) & 0xff))];
        byte[] result = new byte[algorithm.LengthInBytes()];
        using var digest = new StackDigest(algorithm);
        for (int length = 0; length <= message.Length; length++)
        {
            digest.Append(message.AsSpan(0, length / 3));
            digest.Append(message.AsSpan(0, length)[(length / 3)..]);
            digest.Finish(result);
            Assert.Equal(CryptographicOperations.HashData(new HashAlgorithmName(algorithm.ToString().ToUpperInvariant()), message.AsSpan(0, length)), result);
        }
    }

    [Fact]
    public void A_result_that_is_too_short_is_refused_before_anything_is_written()
    {
        byte[] result = new byte[31];
        Assert.Throws<ArgumentOutOfRangeException>(() => Hmac.Compute(DigestAlgorithm.Sha256, "key"u8, "message"u8, result));
        Assert.All(result, value => Assert.Equal(0, value));
    }

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));

    private static string Repeated(string hex, int count) => string.Concat(Enumerable.Repeat(hex, count));
}
