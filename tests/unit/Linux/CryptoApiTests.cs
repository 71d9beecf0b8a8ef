using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class CryptoApiTests
{
    [Theory]
    [InlineData("xts(aes)", true)]
    [InlineData("crc32c", true)]
    [InlineData("aes", false)]
    [InlineData("crc32c-intel", false)]
    [InlineData("", false)]
    public void An_algorithm_is_known_by_the_name_that_its_users_ask_for(string algorithm, bool listed) => Assert.Equal(
        listed,
        CryptoApi.IsListed(
            "name         : crc32c\ndriver       : crc32c-intel\nmodule       : crc32c_intel\n\nname         : xts(aes)\ndriver       : xts-aes-aesni\n\n"u8, algorithm));

    [Fact]
    public void The_running_kernel_has_SHA_256_and_not_everything()
    {
        Assert.True(CryptoApi.Has("sha256"));
        Assert.False(CryptoApi.Has("nothing"));
    }
}
