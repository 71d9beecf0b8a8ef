using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>
/// The same with systemd-boot, which counts tries in the names of its entries: which kernel it starts, and under which name it then is, is
/// systemd-boot's own judgement of them.
/// </summary>
public class SystemdBootTests(ITestOutputHelper output)
{
    private const string Entries = "sh mount -t vfat -o ro /dev/vda1 /mnt && cd /mnt/EFI/Linux && echo * && cd / && umount /mnt";
    private const string Selected = "sh tr -d '\\000\\006' </sys/firmware/efi/efivars/LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

    [Fact]
    public async Task An_update_that_fails_is_left_and_one_that_does_not_is_kept()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.SystemdBootA);
        ExtraDisk updates = UpdateDisk.Make(disk, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(UpdateImages.SystemdBootB) });
        await using Machine machine = await Machine.StartAsync(disk, output, updates);
        GuestReport report = await machine.ReportAsync();
        Assert.Equal(("1.0", "root-a", false), (report.Version, report.Boot("slot"), report.OnTrial));
        await AssertEntriesAsync(machine, "initruntime-1-root-a.efi", selected: "initruntime-1-root-a.efi");

        report = await TryAsync(machine, "2.0 fail");
        AssertFellBack(report, "health", "initruntime-check-test.service failed");
        await AssertEntriesAsync(machine, "initruntime-1-root-a.efi initruntime-2-root-b+0-1.efi", selected: "initruntime-1-root-a.efi");

        // The slot cannot even say any more whose it is; then somebody restarts the device before the new image is confirmed.
        report = await TryAsync(machine, "none", "sh dd if=/dev/zero of=/dev/vda3 bs=4096 count=1 conv=notrunc oflag=direct");
        AssertFellBack(report, "root-mount", "");
        report = await TryAsync(machine, "2.0 wait");
        Assert.Equal(("2.0", true), (report.Version, report.OnTrial));
        await AssertEntriesAsync(machine, "initruntime-1-root-a.efi initruntime-2-root-b+0-1.efi", selected: null);
        await machine.CommandAsync("reboot");
        AssertFellBack(await machine.ReportAsync(), null, "no report: watchdog or power");

        // The loader armed no watchdog, /init has.
        report = await TryAsync(machine, "2.0 hang");
        AssertFellBack(report, null, "no report: the watchdog restarted the machine");
        Assert.Equal("watchdog", report.Boot("last_reset"));

        // Its revision is the highest of those that were there when it was installed.
        report = await TryAsync(machine, "none");
        Assert.Equal(("2.0", "root-b", true), (report.Version, report.Boot("slot"), report.OnTrial));
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        Assert.Equal("confirmed", (await machine.ReportAgainAsync())["control"]!["trial"]!["now"]!.GetValue<string>());
        await machine.CommandAsync("reboot");
        report = await machine.ReportAsync();
        Assert.Equal(("2.0", "root-b", false), (report.Version, report.Boot("slot"), report.OnTrial));
        await AssertEntriesAsync(machine, "initruntime-1-root-a.efi initruntime-2-root-b.efi", selected: "initruntime-2-root-b.efi");
        await machine.EndAsync();
    }

    private static async Task<GuestReport> TryAsync(Machine machine, string behaviour, string? damage = null)
    {
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        await machine.CommandAsync($"sh mkdir -p /var/log/initruntime-test && cd /var/log/initruntime-test && printf '%s' '{behaviour}' >behaviour && sync -f .");
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await machine.CommandAsync(UpdateDisk.InstallCommand());
        await AssertEntriesAsync(machine, "initruntime-1-root-a.efi initruntime-2-root-b+1.efi", selected: null);
        if (damage is not null)
        {
            Assert.Contains("an image is installed already", Output(await machine.CommandAsync(UpdateDisk.InstallCommand(), mayFail: true)), StringComparison.Ordinal);
            await machine.CommandAsync(damage);
        }

        await machine.CommandAsync("reboot");
        while (true)
        {
            if (await machine.VerdictAsync() is not Crashed and not Refused and var verdict)
            {
                return Assert.IsType<Running>(verdict).Report;
            }
        }
    }

    private static async Task AssertEntriesAsync(Machine machine, string entries, string? selected)
    {
        Assert.Equal(entries, Output(await machine.CommandAsync(Entries)).Trim());
        if (selected is not null)
        {
            Assert.Equal(selected, Output(await machine.CommandAsync(Selected)).Trim());
        }
    }

    private static void AssertFellBack(GuestReport report, string? stage, string reason)
    {
        Assert.Equal(("1.0", "root-a", false), (report.Version, report.Boot("slot"), report.OnTrial));
        JsonNode fallback = report["boot"]!["fallback"] ?? throw new InvalidOperationException($"nothing is said of the fall-back: {report}");
        Assert.Equal((stage, "root-b", $"{UpdateImages.SystemdBootB.Summary.ImageUuid}"), (fallback["stage"]?.GetValue<string>(), fallback["slot"]!.GetValue<string>(), fallback["image"]!.GetValue<string>()));
        Assert.StartsWith(reason, fallback["reason"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static string Output(JsonNode answer) => answer["output"]!.GetValue<string>();
}
