using InitRuntime.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

public sealed class UpdateRulesTests
{
    [Theory]
    [InlineData("1", true)]
    [InlineData("1.2", true)]
    [InlineData("1.2.3.4", true)]
    [InlineData("1.2.3.4.5", false)]
    [InlineData("1.2.3-rc.1", true)]
    [InlineData("1.2-rc.1", false)]
    [InlineData("1.2.3+build7", true)]
    [InlineData("1.2.3~rc1", false)]
    [InlineData("70000.1", false)]
    [InlineData("2026a", false)]
    public void A_version_that_swupdate_does_not_order_is_known(string version, bool expected) => Assert.Equal(expected, UpdateRules.IsOrdered(version));
}
