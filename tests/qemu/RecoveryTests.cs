using System;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Damaged and full volumes, and resets: each leads to what the manifest says, and touches no other volume.</summary>
public class RecoveryTests(ITestOutputHelper output)
{
    /// <summary>
    /// <c>keep</c>: ext4, plain, fail; <c>cache</c>: ext4, encrypted, recreate; <c>var</c>: btrfs, encrypted, recreate; <c>device</c>:
    /// ext4 by dm-snapshot, plain, with little room.
    /// </summary>
    private static readonly ImageFamily _images = new("recovery", """
        [[volume]]
        name = "keep"
        mount = "/srv/keep"
        size = "64M"
        file-system = "ext4"
        encrypt = "none"
        factory-reset = false

        [[volume]]
        name = "cache"
        mount = "/srv/cache"
        size = "64M"
        file-system = "ext4"
        on-damage = "recreate"

        [[volume]]
        name = "var"
        mount = "/var"
        size = "192M"
        on-damage = "recreate"
        minimum-free = "48M"

        [[volume]]
        name = "device"
        mount = "/srv/device"
        size = "96M"
        file-system = "ext4"
        encrypt = "none"
        snapshots = "dm-snapshot"
        snapshot-size = "16M"
        grow = false

        [[overlay]]
        path = "/etc"
        upper = "image"
        volume = "var"

        [factory-reset]
        loader-variable = "reset_request"
        """);

    [Fact]
    public async Task A_damaged_volume_is_repaired_or_made_anew_or_ends_the_boot_as_the_manifest_says()
    {
        using DiskImage disk = DiskImage.Of(_images.A);

        // Written past the file system, and the power cut: only what is mounted next sees it.
        await BootAndCutAsync(disk, "write one", "sh dd if=/dev/zero of=/dev/mapper/cache bs=1M count=48 conv=notrunc oflag=direct; sync -f /srv/keep");
        GuestReport report = await BootAsync(disk);
        Assert.Contains("it holds nothing, wanted ext4", Recreated(report, "cache"), StringComparison.Ordinal);
        Assert.Equal(["1.0 one"], report.Writers("/srv/keep/data"));
        Assert.Equal(["1.0 one"], report.Writers("/var/data"));
        Assert.Equal(0, report.Files("cache", "one"));
        Assert.Equal("tpm", report.Volume("cache")["unlocked_by"]!.GetValue<string>());

        // One copy of btrfs's superblock is damaged: its own tool has another one.
        await BootAndCutAsync(disk, "write two", "sh dd if=/dev/zero of=/dev/mapper/var bs=4096 seek=16 count=1 conv=notrunc oflag=direct");
        report = await BootAsync(disk);
        Assert.Null(report.Volume("var")["recreated"]);
        Assert.Equal(["1.0 one", "1.0 two"], report.Writers("/var/data"));
        Assert.Equal(20, report.Files("var", "two"));

        // All of it.
        await BootAndCutAsync(disk, "sh dd if=/dev/zero of=/dev/mapper/var bs=1M conv=notrunc oflag=direct; true");
        report = await BootAsync(disk);
        Assert.Contains("volume var is damaged", Recreated(report, "var"), StringComparison.Ordinal);
        Assert.Equal("seeded", PairedImages.Action(report, "var"));
        Assert.Equal(0, report["dpkg"]!["exit"]!.GetValue<int>());
        Assert.Equal(["1.0 one", "1.0 two"], report.Writers("/srv/keep/data"));

        // What the manifest does not give up ends the boot, and is left as it is.
        disk.FillAsGuestLeftIt("keep", 0, disk.LengthOf("keep"), 0);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            Refused refused = Assert.IsType<Refused>(await machine.VerdictAsync());
            Assert.Equal("volumes", refused.Stage);
            Assert.Contains("volume keep is damaged", refused.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_reset_takes_what_it_names_and_is_over_after_one_boot()
    {
        using DiskImage disk = DiskImage.Of(_images.A);
        await BootAsync(disk, "write one", "sh initruntime-ctl reset --volume cache --yes");
        GuestReport report = await BootAsync(disk, "sh initruntime-ctl reset --overlays --yes");
        Assert.Equal("factory reset", Recreated(report, "cache"));
        Assert.Equal(0, report.Files("cache", "one"));
        Assert.Equal(20, report.Files("var", "one"));
        Assert.Equal(20, report.Files("keep", "one"));
        Assert.Equal(["1.0 one"], report.Writers("/etc"));

        report = await BootAsync(disk);
        Assert.Null(report["writers"]!["/etc"]);
        Assert.Equal(20, report.Files("var", "one"));
        Assert.Null(report.Volume("cache")["recreated"]);

        disk.SetEnvironmentAsGuestLeftIt("BOOT0", "--uservar", "reset_request=all");
        report = await BootAsync(disk, "write two");
        Assert.All(["cache", "var", "device"], volume => Assert.Equal("factory reset", Recreated(report, volume)));
        Assert.Null(report.Volume("keep")["recreated"]);
        Assert.Equal(20, report.Files("keep", "one"));
        Assert.Equal(0, report.Files("var", "one"));

        report = await BootAsync(disk);
        Assert.All(["cache", "var", "device"], volume => Assert.Null(report.Volume(volume)["recreated"]));
        Assert.Equal(20, report.Files("var", "two"));
        Assert.Null(report["boot"]!["reset"]);
    }

    [Fact]
    public async Task A_volume_that_is_too_full_for_a_new_image_sends_the_device_back_to_the_old_one()
    {
        using DiskImage disk = DiskImage.Of(_images.A);
        await BootAsync(disk, "write one", "fill var 60000000");
        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            Refused refused = Assert.IsType<Refused>(await machine.VerdictAsync());
            Assert.Contains("volume var is too full for a snapshot", refused.Reason, StringComparison.Ordinal);
            GuestReport report = await machine.ReportAsync();
            Assert.Equal("1.0", report.Version);
            Assert.Equal(20, report.Files("var", "one"));
            await machine.CommandAsync("sh rm /var/fill; sync -f /var");
            await machine.EndAsync();
        }

        // The area for what an image on trial writes runs full: that image ends, by name, and the old data are whole.
        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        await BootAndCutAsync(disk, "sh dd if=/dev/urandom of=/srv/device/large bs=1M count=30 conv=fsync; true");

        // A loader that gives an image more than one try: EFI Boot Guard would boot the old one already.
        disk.SetEnvironmentAsGuestLeftIt("BOOT1", "--ustate=INSTALLED");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            Refused refused = Assert.IsType<Refused>(await machine.VerdictAsync());
            Assert.Contains("the copy-on-write area of volume device was full", refused.Reason, StringComparison.Ordinal);
            GuestReport report = await machine.ReportAsync();
            Assert.Equal("1.0", report.Version);
            Assert.Equal("dropped", PairedImages.Action(report, "device"));
            Assert.Equal(20, report.Files("device", "one"));
            Assert.Equal(["1.0 one"], report.Writers("/srv/device/data"));
            Assert.Contains("was full", report.LastFailure!["reason"]!.GetValue<string>(), StringComparison.Ordinal);
            await machine.EndAsync();
        }
    }

    private static string Recreated(GuestReport report, string volume) => report.Volume(volume)["recreated"]!.GetValue<string>();

    private async Task<GuestReport> BootAsync(DiskImage disk, params string[] commands)
    {
        await using Machine machine = await Machine.StartAsync(disk, output);
        GuestReport report = await CommandAsync(machine, commands);
        await machine.EndAsync();
        return report;
    }

    private async Task BootAndCutAsync(DiskImage disk, params string[] commands)
    {
        await using Machine machine = await Machine.StartAsync(disk, output);
        await CommandAsync(machine, commands);
        await machine.CutPowerAsync();
    }

    private static async Task<GuestReport> CommandAsync(Machine machine, string[] commands)
    {
        GuestReport report = await machine.ReportAsync();
        foreach (string command in commands)
        {
            await machine.CommandAsync(command);
        }

        return report;
    }
}
