using System;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;
using static InitRuntime.Qemu.Harness.PairedImages;

namespace InitRuntime.Qemu;

/// <summary>The data of a volume belong to its image: each provider, encrypted and plain, through update, roll-back and the next update.</summary>
public class ImagePairedDataTests(ITestOutputHelper output)
{
    private static readonly ImageFamily _images = All;

    [Fact]
    public async Task A_new_image_begins_with_the_data_of_the_old_one_and_a_roll_back_finds_its_own()
    {
        using DiskImage disk = DiskImage.Of(_images.A);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            AssertData(report, "1.0", [], []);
            Assert.All(["var", "pairs", "device", "xdevice"], volume => Assert.Equal("seeded", Action(report, volume)));
            await machine.CommandAsync("write one");
            await machine.CommandAsync("sh echo ours >>/etc/initruntime-test.conf; echo kept >/opt/kept; echo kept >/usr/local/kept");
            Assert.Contains("Nothing that this image brings is hidden", await ToolAsync(machine, "drift"), StringComparison.Ordinal);
            await machine.EndAsync();
        }

        // B sees what A wrote, and writes; it is not confirmed, so A is next, and sees nothing of it.
        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            AssertData(report, "2.0", ["1.0 one"], ["1.0 one"]);
            Assert.All(["var", "pairs", "device", "xdevice"], volume => Assert.Equal("taken", Action(report, volume)));
            await AssertKeptAsync(machine);
            JsonNode drift = Assert.Single(report["boot"]!["drift"]!.AsArray())!;
            Assert.Equal(("/etc/initruntime-test.conf", "changed"), (drift["path"]!.GetValue<string>(), drift["change"]!.GetValue<string>()));
            Assert.Contains("/etc/initruntime-test.conf", await ToolAsync(machine, "drift"), StringComparison.Ordinal);
            JsonNode status = JsonNode.Parse(await ToolAsync(machine, "status --json"))!;
            output.WriteLine($"{status}");
            output.WriteLine(await ToolAsync(machine, "status"));
            output.WriteLine(await ToolAsync(machine, "snapshots"));
            await machine.CommandAsync("write two");
            await machine.CommandAsync("reboot");

            report = await machine.ReportAsync();
            AssertData(report, "1.0", ["1.0 one"], ["1.0 one", "2.0 two"]);
            Assert.Empty(report["boot"]!["drift"]!.AsArray());
            await AssertKeptAsync(machine);
            Assert.Equal(["found", "found", "dropped", "dropped"], Paired.Select(volume => Action(report, volume)));
            await machine.CommandAsync("write three");
            await machine.EndAsync();
        }

        // Forward again: a subvolume is still B's own; a snapshot was given up, and begins anew.
        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        string[] own = ["1.0 one", "2.0 two"], anew = ["1.0 one", "1.0 three"], all = ["1.0 one", "2.0 two", "1.0 three"];
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            Assert.Equal(["found", "found", "taken", "taken"], Paired.Select(volume => Action(report, volume)));
            AssertWriters(report, own, anew, all);
            await machine.EndAsync();
        }

        // Confirmed: snapshots are merged; A is still installed, so its subvolumes stay.
        disk.ConfirmAsGuestLeftIt();
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            AssertWriters(report, own, anew, all);
            Assert.Equal(["found", "found", "merged", "merged"], Paired.Select(volume => Action(report, volume)));
            Assert.Equal([_images.A, _images.B], Owners(report));
            Assert.All(Paired, volume => Assert.False(Pending(report, volume)));
            await machine.EndAsync();
        }

        // C takes A's place. A's data go once C is confirmed, and not before.
        disk.InstallAsGuestLeftIt(_images.C, "root-a");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            AssertWriters(report, own, anew, all);
            Assert.Equal([_images.A, _images.B, _images.C], Owners(report));
            Assert.All(["device", "xdevice"], volume => Assert.Equal("taken", Action(report, volume)));
            await machine.EndAsync();
        }

        disk.ConfirmAsGuestLeftIt();
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            AssertWriters(report, own, anew, all);
            Assert.Equal([_images.B, _images.C], Owners(report));
            Assert.All(Paired, volume => Assert.False(Pending(report, volume)));
            await machine.EndAsync();
        }
    }

    /// <summary>What the control program says.</summary>
    private static async Task<string> ToolAsync(Machine machine, string arguments) =>
        (await machine.CommandAsync($"sh initruntime-ctl {arguments}"))["output"]!.GetValue<string>();

    /// <summary>What overlays keep for all images is there.</summary>
    private static async Task AssertKeptAsync(Machine machine) =>
        Assert.Equal("kept\nkept", (await machine.CommandAsync("sh cat /opt/kept /usr/local/kept"))["output"]!.GetValue<string>());
}
