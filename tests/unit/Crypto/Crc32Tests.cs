using InitRuntime.Crypto;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class Crc32Tests
{
    [Fact]
    public void The_check_value_of_the_catalogue_of_CRCs() => Assert.Equal(0xcbf43926u, Crc32.Of("123456789"u8));

    [Fact]
    public void Pieces_give_the_same_as_the_whole() =>
        Assert.Equal(Crc32.Of("123456789"u8), Crc32.Append(Crc32.Append(Crc32.Append(0, "1234"u8), ""u8), "56789"u8));
}
