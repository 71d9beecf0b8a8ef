using System;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Each way in which the root partition is not what the signed UKI says ends in a reboot that says why.</summary>
public class ADamagedRootTests(ITestOutputHelper output)
{
    private const string Slot = "root-a";

    /// <summary>The loader's fallback must not wait.</summary>
    private static readonly TimeSpan _atOnce = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_changed_data_block_is_refused_when_the_root_is_mounted()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).FlipBit(Slot, RootPlaces.FileSystemSuperblock);

        Refused refused = await RefusedAsync(disk, "root-mount");

        Assert.StartsWith("a block differs from its hash: ", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_lower_hash_block_is_refused_when_the_root_is_mounted()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).FlipBit(Slot, RootPlaces.Of(Images.Demo).FirstLowestHashBlock + 100);

        Refused refused = await RefusedAsync(disk, "root-mount");

        Assert.StartsWith("a block differs from its hash: ", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_top_hash_block_is_refused_before_the_device_is_made()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).FlipBit(Slot, RootPlaces.Of(Images.Demo).TopHashBlock);

        Refused refused = await RefusedAsync(disk, "verity-root");

        Assert.StartsWith($"root hash differs: expected {disk.Image.Summary.Roothash}, found ", refused.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain($"found {disk.Image.Summary.Roothash}", refused.Reason, StringComparison.Ordinal);
        Assert.Equal("/dev/vda4 (slot root-a)", refused.Device);
    }

    [Fact]
    public async Task A_signed_uki_with_another_root_hash_does_not_take_this_root()
    {
        BuiltImage image = Images.Demo;
        string hash = image.Summary.Roothash;
        string other = (hash[0] == '0' ? '1' : '0') + hash[1..];
        using DiskImage disk = DiskImage.Of(image).ReplaceFile("BOOT0", Artefacts.Uki, Resealed.WithText(image, hash, other));

        Refused refused = await RefusedAsync(disk, "verity-root");

        Assert.Equal($"root hash differs: expected {other}, found {hash}", refused.Reason);
    }

    [Fact]
    public async Task A_missing_root_partition_is_refused_by_name()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).RemovePartition(Slot);

        Refused refused = await RefusedAsync(disk, "root-partition");

        Assert.Equal($"image {disk.Image.Summary.ImageUuid} is in no root slot: root-b has none (no verity magic)", refused.Reason);
        Assert.Equal("/dev/vda", refused.Device);
    }

    [Fact]
    public async Task A_root_of_another_image_is_refused_by_its_uuid()
    {
        var other = new Guid("0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0");
        BuiltImage image = Images.Demo;
        using DiskImage disk = DiskImage.Of(image)
            .Write(Slot, RootPlaces.Of(image).Superblock + RootPlaces.UuidInSuperblock, other.ToByteArray(bigEndian: true));

        Refused refused = await RefusedAsync(disk, "root-partition");

        Assert.Equal(
            $"image {image.Summary.ImageUuid} is in no root slot: root-a has image {other}, root-b has none (no verity magic)",
            refused.Reason);
    }

    private async Task<Refused> RefusedAsync(DiskImage disk, string stage)
    {
        await using Machine machine = await Machine.StartAsync(disk, output);
        Refused refused = await machine.RefusalAsync(stage);
        Assert.StartsWith("reboot now", refused.Next, StringComparison.Ordinal);
        Assert.InRange(await machine.RestartAsync(refused), TimeSpan.Zero, _atOnce);
        return refused;
    }
}
