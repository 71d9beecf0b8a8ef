using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Two disks with the same bytes, GUIDs included: only where the firmware found its boot loader tells them apart.</summary>
public class ACloneOfTheDiskTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_clone_behind_the_booted_disk_does_not_confuse_the_boot()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo);
        using DiskImage clone = DiskImage.Of(Images.Demo, "clone");
        await using Machine machine = await Machine.StartAsync(disk, output, new ExtraDisk(clone.Path));

        await BootsFrom("/dev/vda", machine);
    }

    [Fact]
    public async Task A_clone_in_front_of_the_booted_disk_does_not_confuse_the_boot()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo);
        using DiskImage clone = DiskImage.Of(Images.Demo, "clone");
        await using Machine machine = await Machine.StartAsync(disk, output, new ExtraDisk(clone.Path, BootFirst: true));

        await BootsFrom("/dev/vdb", machine);
    }

    private static async Task BootsFrom(string disk, Machine machine)
    {
        GuestReport report = await machine.ReportAsync();

        Assert.Contains("[vdb]", machine.Console);
        Assert.Equal(disk, report.Boot("system_disk"));
        Assert.Equal($"{disk}4", report.Boot("root_partition"));
        Assert.Equal("running", report.System);
        Assert.Empty(report.Failed);
    }
}
