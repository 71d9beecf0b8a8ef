using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>
/// The power is cut at random moments while a new image is tried, and while the device returns to the old one: the loader's environment
/// always names a whole image, that one boots, and an update can be installed again. A third of INITRUNTIME_CUTS, as in other tests of updates.
/// </summary>
public class PowerCutWhileTryingTests(ITestOutputHelper output) : PowerCuts(output)
{
    private const string Install = "sh swupdate -f /usr/lib/initruntime/swupdate.cfg -i " + UpdateDisk.Place + "/b.swu";
    private const string Settle = "sh systemctl start initruntime-confirm.service";

    /// <summary>One in the boot of the new image, one in the boot that follows.</summary>
    private const int CutsInRow = 2;

    /// <summary>What the console says when a part of a boot begins: loader, /init, volumes, systemd.</summary>
    private static readonly string[] _parts = ["BdsDxe: starting", "initruntime: modules: done", "initruntime: root-modules: done", "initruntime: hand-off: done"];

    /// <summary>Longer than each of them but the last, without KVM and beside other machines.</summary>
    private static readonly TimeSpan _part = TimeSpan.FromSeconds(15);

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public async Task A_cut_trial_ends_with_a_whole_image_and_the_update_can_be_installed_again()
    {
        using DiskImage prepared = DiskImage.Of(UpdateImages.A);
        ExtraDisk updates = UpdateDisk.Make(prepared, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(UpdateImages.B) });
        await using (Machine machine = await Machine.StartAsync(prepared, _output, updates))
        {
            await machine.ReportAsync();
            await InstallAsync(machine);
        }

        Random random = Moments();
        for (int cut = 0; cut < CutsByThird; cut += CutsInRow)
        {
            using DiskImage disk = DiskImage.LikeMachineOf(prepared, $"{cut}");
            for (int inRow = 0; inRow < CutsInRow; inRow++)
            {
                await CutAsync(disk, updates, random);
            }

            await AssertBootsAsync(disk, updates);
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
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"cut {moment.TotalMilliseconds:0} ms after \"{part}\": BOOT0 {State(disk, "BOOT0")}, BOOT1 {State(disk, "BOOT1")}"));
    }

    /// <summary>The next boot is of the image that is to be booted by the environments, and that image takes an update.</summary>
    private async Task AssertBootsAsync(DiskImage disk, ExtraDisk updates)
    {
        UpdateState? state = disk.EnvironmentAsGuestLeftIt("BOOT1")?.UpdateState;
        bool isNew = state is UpdateState.Installed or UpdateState.Ok;
        await using (Machine machine = await Machine.StartAsync(disk, _output, updates))
        {
            GuestReport report = await machine.ReportAsync();
            Assert.Equal(
                (isNew ? "2.0" : "1.0", isNew ? "root-b" : "root-a", state == UpdateState.Installed), (report.Version, report.Boot("slot"), report.OnTrial!.Value));
            if (!isNew && state is not null)
            {
                JsonNode? fallback = report["boot"]!["fallback"];
                Assert.Equal(("root-b", $"{UpdateImages.B.Summary.ImageUuid}"), (fallback?["slot"]!.GetValue<string>(), fallback?["image"]!.GetValue<string>()));
                Assert.StartsWith("no report: ", fallback!["reason"]!.GetValue<string>(), StringComparison.Ordinal);
            }

            if (isNew)
            {
                await machine.CommandAsync(Settle);
                await machine.EndAsync();
            }
            else
            {
                await InstallAsync(machine);
            }
        }

        (string label, BootGuardEnvironment environment) = disk.NewestEnvironmentAsGuestLeftIt();
        Assert.Equal(("BOOT1", isNew ? UpdateState.Ok : UpdateState.Installed), (label, environment.UpdateState));
    }

    private static async Task InstallAsync(Machine machine)
    {
        await machine.CommandAsync(Settle);
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await machine.CommandAsync(Install);
        await machine.EndAsync();
    }

    private static string State(DiskImage disk, string label) => disk.EnvironmentAsGuestLeftIt(label) is { } environment
        ? string.Create(CultureInfo.InvariantCulture, $"{environment.UpdateState}, revision {environment.Revision}")
        : "damaged";
}
