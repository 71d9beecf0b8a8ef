using InitRuntime.Formats.BootConfig;
using InitRuntime.Overlay;
using Xunit;

namespace InitRuntime.Unit.Overlay;

public sealed class OverlayHomeTests
{
    [Theory]
    [InlineData(OverlayUpper.Image, SnapshotProvider.Btrfs, "/sysroot/var/.initruntime/overlay/opt-data")]
    [InlineData(OverlayUpper.Image, SnapshotProvider.DmSnapshot, "/sysroot/var/.initruntime/overlay/opt-data")]
    [InlineData(OverlayUpper.Shared, SnapshotProvider.Shared, "/sysroot/var/.initruntime/overlay/opt-data")]
    [InlineData(OverlayUpper.Shared, SnapshotProvider.Btrfs, "/run/initruntime/overlay-state/opt-data")]
    public void A_layer_lives_with_the_data_that_it_belongs_to(OverlayUpper upper, SnapshotProvider provider, string home)
    {
        var volume = new VolumeSettings
        {
            Name = "state",
            MountPoint = "/var",
            FileSystem = "btrfs",
            Encryption = VolumeEncryption.None,
            Snapshots = provider,
        };
        Assert.Equal(home, OverlayHome.Of(new OverlaySettings { Path = "/opt/data", Upper = upper, Volume = "state" }, volume, "/sysroot"));
    }
}
