using System;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>With EFI Boot Guard, its environment names a whole image after each cut, that one boots, and an update can be installed again.</summary>
public class PowerCutWhileTryingTests(ITestOutputHelper output) : TrialCuts(output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public Task A_cut_trial_ends_with_a_whole_image_and_the_update_can_be_installed_again() => CutTrialsAsync(
        UpdateImages.A, UpdateImages.B, AssertBootsAsync, disk => $"BOOT0 {State(disk, "BOOT0")}, BOOT1 {State(disk, "BOOT1")}");

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
                await machine.CommandAsync(UpdateDisk.SettleCommand);
            }
            else
            {
                await InstallAsync(machine);
            }

            await machine.EndAsync();
        }

        (string label, BootGuardEnvironment environment) = disk.NewestEnvironmentAsGuestLeftIt();
        Assert.Equal(("BOOT1", isNew ? UpdateState.Ok : UpdateState.Installed), (label, environment.UpdateState));
    }

    private static string State(DiskImage disk, string label) => disk.EnvironmentAsGuestLeftIt(label) is { } environment
        ? string.Create(CultureInfo.InvariantCulture, $"{environment.UpdateState}, revision {environment.Revision}")
        : "damaged";
}
