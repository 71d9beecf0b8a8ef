using System;
using InitRuntime.Mkinitramfs.Host;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Build;

public sealed class SourceDateTests
{
    [Theory]
    [InlineData(null, 1735689600)]
    [InlineData("", 1735689600)]
    [InlineData("1700000000", 1700000000)]
    [InlineData("2147483647", 2147483647)]
    public void The_time_is_the_variables_or_a_fixed_one(string? variable, long seconds) => Assert.Equal(seconds, SourceDate.Parse(variable));

    [Theory]
    [InlineData("yesterday")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2147483648")]
    [InlineData("1700000000.5")]
    public void A_time_that_no_format_can_hold_is_refused(string variable) =>
        Assert.Contains(variable, Assert.Throws<BuildException>(() => SourceDate.Parse(variable)).Message, StringComparison.Ordinal);
}
