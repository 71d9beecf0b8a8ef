using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>The demo with other manifest keys.</summary>
public class OtherImageTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_squashfs_root_with_small_blocks_and_a_signed_root_hash_boots()
    {
        using DiskImage disk = DiskImage.Of(Images.SmallBlocks);
        Assert.Equal(1024, disk.Image.Summary.DataBlockSize);
        Assert.Equal(1024, disk.Image.Summary.HashBlockSize);
        await using Machine machine = await Machine.StartAsync(disk, output);

        GuestReport report = await machine.ReportAsync();

        Assert.Equal("running", report.System);
        Assert.Empty(report.Failed);
        Assert.Matches("^/dev/dm-[0-9]+ squashfs ro,", report.Root);
        Assert.Equal($"{disk.Image.Summary.ImageUuid}", report.Boot("image_uuid"));
    }

    [Fact]
    public async Task With_error_correction_a_flipped_bit_does_not_stop_the_boot()
    {
        using DiskImage disk = DiskImage.Of(Images.Corrected).FlipBit("root-a", RootPlaces.FileSystemSuperblock);
        await using Machine machine = await Machine.StartAsync(disk, output);

        GuestReport report = await machine.ReportAsync();

        Assert.Matches("verity-fec: .*FEC 0: corrected 1 errors", machine.Console);
        Assert.Equal("running", report.System);
        Assert.Empty(report.Failed);
    }
}
