using System;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>With systemd-boot, a whole image boots after each cut, and the update can be installed again.</summary>
public class PowerCutWithSystemdBootTests(ITestOutputHelper output) : TrialCuts(output)
{
    private const string Entries = "sh mount -t vfat -o ro /dev/vda1 /mnt && cd /mnt/EFI/Linux && echo * && cd / && umount /mnt";

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public Task A_cut_trial_ends_with_a_whole_image() => CutTrialsAsync(UpdateImages.SystemdBootA, UpdateImages.SystemdBootB, AssertIsWholeAsync, _ => "done");

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
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        string entries = (await machine.CommandAsync(Entries))["output"]!.GetValue<string>().Trim();
        Assert.Equal("initruntime-1-root-a.efi initruntime-2-root-b.efi", entries);
        await machine.EndAsync();
    }
}
