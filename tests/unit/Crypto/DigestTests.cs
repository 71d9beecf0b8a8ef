using System;
using System.Linq;
using InitRuntime.Crypto;
using Xunit;
using Reference = System.Security.Cryptography;

namespace InitRuntime.Unit.Crypto;

public sealed class DigestTests
{
    // FIPS 180-4, the "abc" examples of the NIST example values.
    [Theory]
    [InlineData("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d")]
    [InlineData("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")]
    [InlineData(
        "sha512",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")]
    public void The_kernel_name_gives_the_digest_of_the_standard(string name, string expected)
    {
        Assert.True(DigestAlgorithms.TryFromKernelName(name, out DigestAlgorithm algorithm));
        Assert.Equal(name, algorithm.KernelName());
        Assert.Equal(expected, Convert.ToHexStringLower(Digest.Of(algorithm, "abc"u8)));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha1)]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha384)]
    [InlineData(DigestAlgorithm.Sha512)]
    public void Messages_of_every_length_in_pieces_give_what_the_runtime_gives(DigestAlgorithm algorithm)
    {
        byte[] message = [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 7 % 256))];
        var digest = new Digest(algorithm);
        byte[] result = new byte[digest.LengthInBytes];
        for (int length = 0; length < message.Length; length++)
        {
            ReadOnlySpan<byte> part = message.AsSpan(0, length);
            digest.Append(part[..(length / 3)]);
            digest.Append(part[(length / 3)..]);
            digest.Finish(result);
            Assert.Equal(Expected(algorithm, part), result);
        }
    }

    [Fact]
    public void A_reset_forgets_the_message_and_a_short_result_is_refused()
    {
        var digest = new Digest(DigestAlgorithm.Sha256);
        digest.Append("secret"u8);
        digest.Reset();
        byte[] result = new byte[32];
        digest.Finish(result);
        Assert.Equal(Expected(DigestAlgorithm.Sha256, []), result);
        Assert.Throws<ArgumentException>(() => digest.Finish(new byte[31]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SHA256")]
    [InlineData("sha256 ")]
    [InlineData("md5")]
    public void Other_names_are_not_known(string name) => Assert.False(DigestAlgorithms.TryFromKernelName(name, out _));

    [Fact]
    public void No_block_costs_an_allocation()
    {
        var digest = new Digest(DigestAlgorithm.Sha256);
        byte[] block = new byte[4096];
        byte[] result = new byte[32];
        digest.Append(block);
        digest.Finish(result);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            digest.Append(block);
            digest.Finish(result);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static byte[] Expected(DigestAlgorithm algorithm, ReadOnlySpan<byte> data) => algorithm switch
    {
        DigestAlgorithm.Sha256 => Reference.SHA256.HashData(data),
        DigestAlgorithm.Sha384 => Reference.SHA384.HashData(data),
        DigestAlgorithm.Sha512 => Reference.SHA512.HashData(data),
        _ => Reference.CryptographicOperations.HashData(Reference.HashAlgorithmName.SHA1, data),
    };
}
