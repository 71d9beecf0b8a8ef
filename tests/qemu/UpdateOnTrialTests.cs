using System.Linq;
using System.Threading.Tasks;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>EFI Boot Guard starts a new image on trial, and keeps to the old one until the new one is confirmed.</summary>
public class UpdateOnTrialTests(ITestOutputHelper output)
{
    private static readonly ImageFamily _images = new("shared", """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "160M"
        snapshots = "shared"
        """);

    [Fact]
    public async Task An_update_on_trial_that_is_not_confirmed_goes_back_to_the_old_image()
    {
        using DiskImage disk = DiskImage.Of(_images.A);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            AssertBooted(await machine.ReportAsync(), "1.0", "root-a", onTrial: false);
            await machine.CommandAsync("write one");
            await machine.EndAsync();
        }

        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            AssertBooted(await machine.ReportAsync(), "2.0", "root-b", onTrial: true, "1.0 one");
            await machine.CommandAsync("write two");
            await machine.CommandAsync("reboot");
            AssertBooted(await machine.ReportAsync(), "1.0", "root-a", onTrial: false, "1.0 one", "2.0 two");
            await machine.EndAsync();
        }

        byte[] failed = disk.ReadFileAsGuestLeftIt("BOOT1", BootGuardEnvironment.FileName);
        disk.InstallAsGuestLeftIt(_images.B, "root-b").RollBackAsGuestLeftIt();
        Assert.Equal(failed, disk.ReadFileAsGuestLeftIt("BOOT1", BootGuardEnvironment.FileName));

        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            AssertBooted(await machine.ReportAsync(), "2.0", "root-b", onTrial: true, "1.0 one", "2.0 two");
            await machine.EndAsync();
        }

        Assert.Equal(UpdateState.Testing, disk.NewestEnvironmentAsGuestLeftIt().Environment.UpdateState);
        disk.ConfirmAsGuestLeftIt();
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            AssertBooted(await machine.ReportAsync(), "2.0", "root-b", onTrial: false, "1.0 one", "2.0 two");
            await machine.EndAsync();
        }
    }

    /// <summary>Which image runs, and that the volume, which all images share, has all that was written to it.</summary>
    private static void AssertBooted(GuestReport report, string version, string slot, bool onTrial, params string[] writers)
    {
        Assert.Equal(version, report.Version);
        Assert.Equal(version, report.Boot("image_version"));
        Assert.Equal(slot, report.Boot("slot"));
        Assert.Equal(onTrial, report.OnTrial);
        Assert.Equal(writers, report.Writers("/var/data"));
        Assert.All(writers, line => Assert.Equal(20, report.Files("var", line.Split(' ').Last())));
        Assert.Empty(report.BadFiles);
    }
}
