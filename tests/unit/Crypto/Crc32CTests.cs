using InitRuntime.Crypto;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class Crc32CTests
{
    [Fact]
    public void The_check_value_of_the_catalogue_of_CRCs() => Assert.Equal(0xe3069283u, Crc32C.Of("123456789"u8));

    [Fact]
    public void The_test_vectors_of_RFC_3720()
    {
        byte[] bytes = new byte[32];
        Assert.Equal(0x8a9136aau, Crc32C.Of(bytes));
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)i;
        }

        Assert.Equal(0x46dd794eu, Crc32C.Of(bytes));
    }

    [Fact]
    public void Pieces_give_the_same_as_the_whole() =>
        Assert.Equal(
            Crc32C.Of("123456789abcdefghi"u8), Crc32C.Append(Crc32C.Append(Crc32C.Append(0, "1234"u8), ""u8), "56789abcdefghi"u8));
}
