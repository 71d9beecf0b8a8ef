using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>
/// The power is cut at random moments while SWUpdate writes the other slot: the device always boots a whole image afterwards, and the update
/// can be installed. A third of INITRUNTIME_CUTS, as in other tests of updates.
/// </summary>
public class PowerCutWhileInstallingTests(ITestOutputHelper output) : PowerCuts(output)
{
    /// <summary>Longer than SWUpdate works, without KVM and beside other machines; a cut after its end counts too.</summary>
    private static readonly TimeSpan _work = TimeSpan.FromSeconds(20);

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public async Task A_whole_image_boots_and_the_update_can_be_installed_again()
    {
        List<DiskImage> disks = [DiskImage.Of(UpdateImages.A)];
        try
        {
            await CutInstallationsAsync(disks);
        }
        finally
        {
            disks.ForEach(disk => disk.Dispose());
        }
    }

    /// <param name="disks">The last one is that of the device; another one is added when it has the new image for good.</param>
    private async Task CutInstallationsAsync(List<DiskImage> disks)
    {
        DiskImage disk = disks[0];
        ExtraDisk updates = UpdateDisk.Make(disk, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(UpdateImages.B) });
        Random random = Moments();
        int installed = 0;
        for (int cut = 1; cut <= CutsByThird; cut++)
        {
            await using Machine machine = await Machine.StartAsync(disk, _output, updates);
            if (await FindAsync(machine) is not Found.Old and var found)
            {
                // That cut came after the end. The image on trial has been left now, unless it was quicker to prove itself.
                installed++;
                await machine.CutPowerAsync();
                if (found == Found.Confirmed)
                {
                    disk = DiskImage.Of(UpdateImages.A, $"{cut}");
                    disks.Add(disk);
                }

                continue;
            }

            await machine.CommandAsync($"{UpdateDisk.InstallCommand()} >/run/swupdate.log 2>&1 &");
            TimeSpan moment = _work * random.NextDouble();
            await Task.Delay(moment);
            await machine.CutPowerAsync();
            BootGuardEnvironment? environment = disk.EnvironmentAsGuestLeftIt("BOOT1");
            _output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"cut {cut} after {moment.TotalMilliseconds:0} ms: BOOT1 {(environment is null ? "damaged" : $"{environment.UpdateState}, revision {environment.Revision}")}"));
        }

        await using (Machine machine = await Machine.StartAsync(disk, _output, updates))
        {
            if (await FindAsync(machine) == Found.Old)
            {
                await machine.CommandAsync(UpdateDisk.InstallCommand());
                await machine.CommandAsync("reboot");
                Assert.Equal("2.0", (await machine.ReportAsync()).Version);
            }

            await machine.CommandAsync(UpdateDisk.SettleCommand);
            await machine.EndAsync();
        }

        Assert.Equal(UpdateState.Ok, disk.NewestEnvironmentAsGuestLeftIt().Environment.UpdateState);
        _output.WriteLine($"{installed} cuts came after the end of the installation");
    }

    private enum Found
    {
        /// <summary>Image A, ready for an update.</summary>
        Old,

        /// <summary>Image B, on trial when it was asked.</summary>
        OnTrial,

        /// <summary>Image B, which a boot before this one has confirmed.</summary>
        Confirmed,
    }

    /// <summary>Which image came up: whichever it is, it is whole.</summary>
    private static async Task<Found> FindAsync(Machine machine)
    {
        GuestReport report = await machine.ReportAsync();
        if (report.Version == "2.0")
        {
            return report.OnTrial == true ? Found.OnTrial : Found.Confirmed;
        }

        Assert.Equal(("1.0", false), (report.Version, report.OnTrial));
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        Assert.Equal(2, (await machine.ReportAgainAsync())["links"]!.AsArray().Count);
        await machine.CommandAsync(UpdateDisk.MountCommand);
        return Found.Old;
    }
}
