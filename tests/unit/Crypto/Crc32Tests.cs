using System;
using System.Text;
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

    [Theory]
    [InlineData("", "")]
    [InlineData("1234", "")]
    [InlineData("", "56789")]
    [InlineData("1234", "56789 and more")]
    public void Four_bytes_in_between_give_a_message_any_CRC(string front, string end)
    {
        byte[] before = Encoding.ASCII.GetBytes(front);
        byte[] after = Encoding.ASCII.GetBytes(end);
        foreach (uint wanted in (uint[])[0, 1, 0x80000000, 0xffffffff, 0xcbf43926])
        {
            byte[] bridge = BitConverter.GetBytes(Crc32.Bridge(Crc32.Of(before), after, wanted));
            Assert.Equal(wanted, Crc32.Of([.. before, .. bridge, .. after]));
        }
    }
}
