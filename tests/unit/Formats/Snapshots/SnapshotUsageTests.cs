using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using Xunit;

namespace InitRuntime.Unit.Formats.Snapshots;

public sealed class SnapshotUsageTests
{
    [Theory]
    [InlineData("397896/2097152 1560", 397896, 2097152, 1560, 396336)]
    [InlineData("16/32768 16", 16, 32768, 16, 0)]
    [InlineData("32776/32768 136", 32776, 32768, 136, 32640)]
    public void What_the_kernel_says_is_read(string status, long used, long total, long bookkeeping, long data)
    {
        Assert.True(SnapshotUsage.TryParse(status, out SnapshotUsage usage, out _));
        Assert.Equal((used, total, bookkeeping, data), (usage.Used, usage.Total, usage.Bookkeeping, usage.Data));
    }

    [Theory]
    [InlineData(SnapshotUsage.Invalid)]
    [InlineData(SnapshotUsage.Overflow)]
    [InlineData(SnapshotUsage.MergeFailed)]
    [InlineData("Unknown")]
    [InlineData("")]
    [InlineData("16/32768")]
    [InlineData("16/32768 16 16")]
    [InlineData("-16/32768 16")]
    [InlineData("16/32768 24")]
    [InlineData("99999999999999999999/32768 16")]
    public void Anything_else_is_the_error(string status)
    {
        Assert.False(SnapshotUsage.TryParse(status, out _, out ParseError error));
        Assert.Equal(status, error.Message);
    }
}
