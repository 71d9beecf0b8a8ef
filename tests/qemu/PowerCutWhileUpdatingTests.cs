using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;
using static InitRuntime.Qemu.Harness.PairedImages;

namespace InitRuntime.Qemu;

/// <summary>The power is cut while the data of images are taken, merged, cleaned up or reset: always the old state or the new one, and never a mix.</summary>
public class PowerCutWhileUpdatingTests(ITestOutputHelper output) : PowerCuts(output)
{
    private static readonly string[] _one = ["1.0 one"], _two = ["1.0 one", "2.0 two"];

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public async Task A_cut_first_boot_of_a_new_image_changes_nothing_for_the_old_one_and_can_be_begun_again()
    {
        using DiskImage prepared = await PrepareAsync("taken");
        prepared.InstallAsGuestLeftIt(All.B, "root-b");
        await CutByThirdAsync("taken", name => DiskImage.LikeMachineOf(prepared, name), async (disk, report) =>
        {
            if (report.Version == "1.0")
            {
                // A trial boot that was cut is a failed one: the loader has gone back to A.
                AssertData(report, "1.0", _one, _one);
                disk.InstallAsGuestLeftIt(All.B, "root-b");
                report = await BootAsync(disk);
            }

            AssertData(report, "2.0", _one, _one);
        });
    }

    [Fact]
    public async Task A_cut_merge_and_a_cut_clean_up_are_ended_by_a_later_boot()
    {
        using DiskImage prepared = await PrepareAsync("merged");
        prepared.InstallAsGuestLeftIt(All.B, "root-b");
        await BootAsync(prepared, "write two");

        // B is confirmed, and the next update has begun to overwrite A: there is a trial to merge, and A's data are to go.
        prepared.ConfirmAsGuestLeftIt().WriteAsGuestLeftIt("root-a", 0, All.C[Artefacts.Root]);
        await CutByThirdAsync("merged", name => DiskImage.LikeMachineOf(prepared, name), (_, report) =>
        {
            AssertData(report, "2.0", _two, _two);
            Assert.Equal([All.B], Owners(report));
            Assert.All(Paired, volume => Assert.False(Pending(report, volume)));
            Assert.DoesNotContain(report["mapped"]!["names"]!.AsArray(), name => name!.GetValue<string>().Contains("-snapshot", System.StringComparison.Ordinal));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task A_cut_factory_reset_is_ended_by_a_later_boot()
    {
        using DiskImage prepared = await PrepareAsync("reset", RequestReset);
        await CutByThirdAsync("reset", name => DiskImage.LikeMachineOf(prepared, name), (_, report) =>
        {
            AssertData(report, "1.0", [], []);
            Assert.All(["var", "pairs", "device", "xdevice"], volume => Assert.Equal("1.0", report["template"]?[volume]?.GetValue<string>() ?? "1.0"));
            Assert.DoesNotContain(report.Log, line => line.Contains("could not be removed", System.StringComparison.Ordinal));
            return Task.CompletedTask;
        });
    }

    /// <summary>The EFI variable that systemd 258's systemd-factory-reset writes: JSON in UTF-16, behind the attributes.</summary>
    private const string RequestReset =
        "sh . /usr/lib/os-release; image=${IMAGE_ID:+,\\\"osReleaseImageId\\\":\\\"$IMAGE_ID\\\"}; " +
        "json=\"{\\\"osReleaseId\\\":\\\"$ID\\\"$image,\\\"bootId\\\":\\\"$(tr -d - </proc/sys/kernel/random/boot_id)\\\"}\"; " +
        "{ printf '\\007\\000\\000\\000'; printf '%s' \"$json\" | sed 's/./&\\x00/g'; printf '\\000\\000'; } >/run/request && " +
        "cat /run/request >/sys/firmware/efi/efivars/FactoryResetRequest-8cf2644b-4b0b-428f-9387-6d876050dc67";

    /// <summary>A device with image A that has data, switched off.</summary>
    private async Task<DiskImage> PrepareAsync(string name, params string[] commands)
    {
        DiskImage disk = DiskImage.Of(All.A, $"{name}-prepared", nameof(PowerCutWhileUpdatingTests));
        await BootAsync(disk, ["write one", .. commands]);
        return disk;
    }

    private async Task<GuestReport> BootAsync(DiskImage disk, params string[] commands)
    {
        await using Machine machine = await Machine.StartAsync(disk, _output);
        GuestReport report = await machine.ReportAsync();
        foreach (string command in commands)
        {
            await machine.CommandAsync(command);
        }

        await machine.EndAsync();
        return report;
    }
}
