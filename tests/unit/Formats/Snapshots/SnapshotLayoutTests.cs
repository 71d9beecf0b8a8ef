using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using Xunit;

namespace InitRuntime.Unit.Formats.Snapshots;

public sealed class SnapshotLayoutTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(64 * MiB, 64, 65, 81)]
    [InlineData((64 * MiB) + 1, 65, 66, 82)]
    [InlineData((64 * MiB) - 1, 64, 65, 81)]
    [InlineData(1, 1, 2, 18)]
    public void The_record_and_the_area_lie_behind_the_file_system(long fileSystem, long record, long area, long end)
    {
        Assert.True(SnapshotLayout.TryMake(fileSystem, 16 * MiB, end * MiB, out SnapshotLayout layout, out ParseError error), error.Message);
        Assert.Equal((record * MiB, area * MiB, 16 * MiB, end * MiB), (layout.RecordOffset, layout.AreaOffset, layout.AreaLength, layout.End));
        Assert.False(SnapshotLayout.TryMake(fileSystem, 16 * MiB, (end * MiB) - 1, out _, out _));
    }

    [Fact]
    public void The_longest_file_system_fits_whatever_the_device_ends_with()
    {
        foreach (long device in (long[])[100 * MiB, (100 * MiB) + 512, (101 * MiB) - 512])
        {
            long longest = SnapshotLayout.MaximumFileSystemLength(device, 16 * MiB);
            Assert.True(SnapshotLayout.TryMake(longest, 16 * MiB, device, out _, out ParseError error), error.Message);
        }

        Assert.True(SnapshotLayout.MaximumFileSystemLength(16 * MiB, 16 * MiB) < 0);
    }

    [Theory]
    [InlineData(100 * MiB, 16 * MiB, "a file system of 100 MiB and a copy-on-write area of 16 MiB do not fit in 100 MiB")]
    [InlineData(long.MaxValue, 16 * MiB, "a file system of 9223372036854775807 bytes")]
    [InlineData(0, 16 * MiB, "a file system of 0 bytes")]
    [InlineData(-1, 16 * MiB, "a file system of -1 bytes")]
    [InlineData(MiB, 0, "a copy-on-write area of 0 bytes, not of whole MiB")]
    [InlineData(MiB, MiB + 512, "a copy-on-write area of 1049088 bytes, not of whole MiB")]
    [InlineData(MiB, long.MaxValue, "a copy-on-write area of 9223372036854775807 bytes, not of whole MiB")]
    public void What_does_not_fit_is_named(long fileSystem, long area, string expected)
    {
        Assert.False(SnapshotLayout.TryMake(fileSystem, area, 100 * MiB, out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }
}
