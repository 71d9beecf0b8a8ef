using System;
using InitRuntime.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class Argon2Tests
{
    [Theory]
    // RFC 9106, 5.2 and 5.3.
    [InlineData(Argon2Variant.Argon2i, "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8")]
    [InlineData(Argon2Variant.Argon2id, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")]
    public void It_gives_the_tags_of_the_RFC(Argon2Variant variant, string expected)
    {
        byte[] key = new byte[32];
        Argon2.DeriveKey(variant, Filled(32, 1), Filled(16, 2), Filled(8, 3), Filled(12, 4), 3, 32, 4, key);
        Assert.Equal(expected, Convert.ToHexStringLower(key));
    }

    [Theory]
    [InlineData(Argon2Variant.Argon2i, 1, 8, 1, 4)]
    [InlineData(Argon2Variant.Argon2id, 1, 9, 1, 64)]
    [InlineData(Argon2Variant.Argon2id, 4, 35, 3, 65)]
    [InlineData(Argon2Variant.Argon2i, 2, 1200, 1, 32)]
    [InlineData(Argon2Variant.Argon2id, 3, 5000, 4, 200)]
    public void It_equals_BouncyCastles_for_odd_memory_lanes_and_lengths(Argon2Variant variant, uint passes, uint memory, uint lanes, int length)
    {
        byte[] expected = new byte[length];
        var generator = new Argon2BytesGenerator();
        generator.Init(new Argon2Parameters.Builder((int)variant)
            .WithSalt(Filled(32, 9)).WithIterations((int)passes).WithMemoryAsKB((int)memory).WithParallelism((int)lanes).Build());
        generator.GenerateBytes(Filled(20, 7), expected);

        byte[] key = new byte[length];
        Argon2.DeriveKey(variant, Filled(20, 7), Filled(32, 9), passes, memory, lanes, key);
        Assert.Equal(Convert.ToHexStringLower(expected), Convert.ToHexStringLower(key));
    }

    [Theory]
    [InlineData(0, 64, 1, 16)]
    [InlineData(1, 7, 1, 16)]
    [InlineData(1, 64, 0, 16)]
    [InlineData(1, 64, 65, 16)]
    [InlineData(1, 64, 1, 7)]
    [InlineData(1, Argon2.MaximumMemory + 1, 1, 16)]
    public void Parameters_outside_the_limits_are_refused(uint passes, uint memory, uint lanes, int saltLength) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Argon2.DeriveKey(Argon2Variant.Argon2id, "x"u8, new byte[saltLength], passes, memory, lanes, new byte[32]));

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
