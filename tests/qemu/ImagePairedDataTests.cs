using System.Linq;
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
            await machine.EndAsync();
        }

        // B sees what A wrote, and writes; it is not confirmed, so A is next, and sees nothing of it.
        disk.InstallAsGuestLeftIt(_images.B, "root-b");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            AssertData(report, "2.0", ["1.0 one"], ["1.0 one"]);
            Assert.All(["var", "pairs", "device", "xdevice"], volume => Assert.Equal("taken", Action(report, volume)));
            await machine.CommandAsync("write two");
            await machine.CommandAsync("reboot");

            report = await machine.ReportAsync();
            AssertData(report, "1.0", ["1.0 one"], ["1.0 one", "2.0 two"]);
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
}
