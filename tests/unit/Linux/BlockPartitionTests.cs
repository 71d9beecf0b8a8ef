using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
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
        using var disk = new LoopDisk(512);
        Host("addpart", disk.Path, "1", "2048", "8192");
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
            using var disk = new LoopDisk(expected);
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
        Host("mknod", directory["large"], "b", "259", "70001");
        Assert.Equal((259u, 70001u), DeviceNumber.Of(directory["large"]));
        Assert.Equal((1u, 3u), DeviceNumber.Of("/dev/null"));
        Assert.Equal(Errno.ENODEV, Error(() => DeviceNumber.Of(directory.Path)));
        Assert.Equal(Errno.ENOENT, Error(() => DeviceNumber.Of(directory["none"])));
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;

    private static string Host(string program, params string[] arguments) =>
        new HostCommand(program, arguments).RunText(new PlainLog(TextWriter.Null, showCommands: false)).Trim();

    /// <summary>A disk of 16 MiB that may have partitions.</summary>
    private sealed class LoopDisk : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();

        internal LoopDisk(int sectorSize)
        {
            using (FileStream file = File.Create(_directory["disk"]))
            {
                file.SetLength(16 * Mebibyte);
            }

            Path = Host("losetup", "--find", "--show", "--partscan", "--sector-size", $"{sectorSize}", _directory["disk"]);
        }

        internal string Path { get; }

        public void Dispose()
        {
            Host("losetup", "--detach", Path);
            _directory.Dispose();
        }
    }
}
