using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>
/// The power is cut at random moments while systemd-boot tries a new image, and while the device returns to the old one: a whole image
/// boots, and the update can be installed again. A third of INITRUNTIME_CUTS, as in other tests of updates.
/// </summary>
public class PowerCutWithSystemdBootTests(ITestOutputHelper output) : PowerCuts(output)
{
    private const string Install = "sh swupdate -f /usr/lib/initruntime/swupdate.cfg -i " + UpdateDisk.Place + "/b.swu";
    private const string Settle = "sh systemctl start initruntime-confirm.service";
    private const string Entries = "sh mount -t vfat -o ro /dev/vda1 /mnt && cd /mnt/EFI/Linux && echo * && cd / && umount /mnt";

    /// <summary>One in the boot of the new image, one in the boot that follows.</summary>
    private const int CutsInRow = 2;

    /// <summary>What the console says when a part of a boot begins: loader, /init, volumes, systemd.</summary>
    private static readonly string[] _parts = ["BdsDxe: starting", "initruntime: modules: done", "initruntime: root-modules: done", "initruntime: hand-off: done"];

    private static readonly TimeSpan _part = TimeSpan.FromSeconds(15);

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public async Task A_cut_trial_ends_with_a_whole_image()
    {
        using DiskImage prepared = DiskImage.Of(UpdateImages.SystemdBootA);
        ExtraDisk updates = UpdateDisk.Make(prepared, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(UpdateImages.SystemdBootB) });
        await using (Machine machine = await Machine.StartAsync(prepared, _output, updates))
        {
            await machine.ReportAsync();
            await InstallAsync(machine);
            await machine.EndAsync();
        }

        Random random = Moments();
        for (int cut = 0; cut < CutsByThird; cut += CutsInRow)
        {
            using DiskImage disk = DiskImage.LikeMachineOf(prepared, $"{cut}");
            for (int inRow = 0; inRow < CutsInRow; inRow++)
            {
                await CutAsync(disk, updates, random);
            }

            await AssertIsWholeAsync(disk, updates);
        }
    }

    private async Task CutAsync(DiskImage disk, ExtraDisk updates, Random random)
    {
        string part = _parts[random.Next(_parts.Length)];
        TimeSpan moment = _part * random.NextDouble();
        await using Machine machine = await Machine.StartAsync(disk, _output, updates);
        await machine.WaitForAsync(part);
        await Task.Delay(moment);
        await machine.CutPowerAsync();
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cut {moment.TotalMilliseconds:0} ms after \"{part}\""));
    }

    /// <summary>Whichever image boots, in the end the new one is confirmed: by now, or once it was installed again.</summary>
    private async Task AssertIsWholeAsync(DiskImage disk, ExtraDisk updates)
    {
        await using Machine machine = await Machine.StartAsync(disk, _output, updates);
        GuestReport report = await machine.ReportAsync();
        _output.WriteLine($"then {report.Version} boots, on trial: {report.OnTrial}");
        if (report.Version == "1.0")
        {
            Assert.False(report.OnTrial);
            Assert.StartsWith("no report: ", report["boot"]!["fallback"]!["reason"]!.GetValue<string>(), StringComparison.Ordinal);
            await InstallAsync(machine);
            await machine.CommandAsync("reboot");
            report = await machine.ReportAsync();
            Assert.True(report.OnTrial);
        }

        Assert.Equal(("2.0", "root-b"), (report.Version, report.Boot("slot")));
        await machine.CommandAsync(Settle);
        string entries = (await machine.CommandAsync(Entries))["output"]!.GetValue<string>().Trim();
        Assert.Equal("initruntime-1-root-a.efi initruntime-2-root-b.efi", entries);
        await machine.EndAsync();
    }

    private static async Task InstallAsync(Machine machine)
    {
        await machine.CommandAsync(Settle);
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await machine.CommandAsync(Install);
    }
}
