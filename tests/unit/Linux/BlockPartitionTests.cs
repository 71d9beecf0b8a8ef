using System;
using System.IO;
using System.Linq;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class BlockPartitionTests
{
    private const int Mebibyte = 1 << 20;

    [FactWithLoopDevice]
    public void The_kernel_takes_over_the_new_length_of_a_partition()
    {
        using var disk = new LoopDevice(16 * Mebibyte);
        LoopDevice.Host("addpart", disk.Path, "1", "2048", "8192");
        string size = $"/sys/class/block/{Path.GetFileName(disk.Path)}p1/size";
        Assert.Equal("8192", KernelFile.TryReadText(size));
        using SafeFileHandle handle = KernelFile.Open(disk.Path, write: true);
        BlockPartition.Resize(handle, 1, Mebibyte, 10 * Mebibyte, disk.Path);
        Assert.Equal("20480", KernelFile.TryReadText(size));
        Assert.Equal(Errno.EINVAL, Error(() => BlockPartition.Resize(handle, 1, 2 * Mebibyte, Mebibyte, disk.Path)));
        Assert.Equal(Errno.ENXIO, Error(() => BlockPartition.Resize(handle, 2, Mebibyte, Mebibyte, disk.Path)));
    }

    [FactWithLoopDevice]
    public void The_logical_sector_size_is_the_devices_own()
    {
        foreach (int expected in (int[])[512, 4096])
        {
            using var disk = new LoopDevice(16 * Mebibyte, expected);
            using SafeFileHandle handle = KernelFile.Open(disk.Path);
            Assert.Equal(expected, BlockDeviceSector.SizeOf(handle, disk.Path));
            Assert.Equal(16L * Mebibyte, KernelFile.LengthOf(handle, disk.Path));
        }

        using SafeFileHandle none = KernelFile.Open("/dev/null");
        Assert.Equal(Errno.ENOTTY, Error(() => BlockDeviceSector.SizeOf(none, "/dev/null")));
    }

    [FactAsRoot]
    public void A_device_number_is_told_for_devices_only()
    {
        using var directory = new TemporaryDirectory();
        LoopDevice.Host("mknod", directory["large"], "b", "259", "70001");
        Assert.Equal((259u, 70001u), DeviceNumber.Of(directory["large"]));
        Assert.Equal((1u, 3u), DeviceNumber.Of("/dev/null"));
        Assert.Equal(Errno.ENODEV, Error(() => DeviceNumber.Of(directory.Path)));
        Assert.Equal(Errno.ENOENT, Error(() => DeviceNumber.Of(directory["none"])));
    }

    [FactWithLoopDevice]
    public void What_is_discarded_is_taken_out_of_the_disk()
    {
        using var disk = new LoopDevice(16 * Mebibyte, fill: path => File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)1, 16 * Mebibyte)]));
        using (SafeFileHandle handle = KernelFile.Open(disk.Path, write: true))
        {
            Assert.True(BlockDeviceDiscard.TryDiscard(handle, Mebibyte, 2 * Mebibyte, disk.Path));
            Assert.False(BlockDeviceDiscard.TryDiscard(handle, Mebibyte + 1, Mebibyte, disk.Path));
            Assert.False(BlockDeviceDiscard.TryDiscard(handle, 15 * Mebibyte, 2 * Mebibyte, disk.Path));
        }

        byte[] content = File.ReadAllBytes(disk.File);
        Assert.Equal(2 * Mebibyte, content.AsSpan().Count((byte)0));
        Assert.False(content.AsSpan(Mebibyte, 2 * Mebibyte).ContainsAnyExcept((byte)0));
        using SafeFileHandle file = KernelFile.Open(disk.File, write: true);
        Assert.False(BlockDeviceDiscard.TryDiscard(file, 0, Mebibyte, disk.File));
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;
}
