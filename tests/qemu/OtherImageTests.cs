using System;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Rootfs;
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
    public async Task A_root_hash_whose_signature_does_not_match_is_refused_by_the_kernel()
    {
        byte[] uki = Resealed.WithChangedFile(Images.SmallBlocks, VerityImage.SignaturePath);
        using DiskImage disk = DiskImage.Of(Images.SmallBlocks).ReplaceFile("BOOT0", Artefacts.Uki, uki);
        await using Machine machine = await Machine.StartAsync(disk, output);

        Refused refused = await machine.RefusalAsync("verity-root");

        Assert.StartsWith("the kernel refuses the verity table: ", refused.Reason, StringComparison.Ordinal);
        Assert.Equal("/dev/vda4 (slot root-a)", refused.Device);
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
