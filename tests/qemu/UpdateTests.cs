using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Debian's SWUpdate, as it is, installs update files of the build into the other slot; the device tries them, and keeps or leaves them.</summary>
public class UpdateTests(ITestOutputHelper output)
{
    private const string SetBehaviour = "sh mkdir -p /var/log/initruntime-test && cd /var/log/initruntime-test && sync -f . && printf '%s' ";

    [Fact]
    public async Task An_update_is_tried_confirmed_and_followed_by_the_next_one()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.A);
        ExtraDisk updates = UpdateDisk.Make(disk, new Dictionary<string, string> { ["a.swu"] = UpdateDisk.Of(UpdateImages.A), ["b.swu"] = UpdateDisk.Of(UpdateImages.B), ["c.swu"] = UpdateDisk.Of(UpdateImages.C), ["changed.swu"] = BadUpdates.WithChangedRoot(disk.Directory, UpdateImages.C) });
        await using Machine machine = await Machine.StartAsync(disk, output, updates);
        Assert.Equal("1.0", (await machine.ReportAsync()).Version);
        await SettleAsync(machine);
        Assert.Equal(["BOOT1", "root-b"], Links(await machine.ReportAgainAsync()));
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await machine.CommandAsync(UpdateDisk.InstallCommand());

        // Installed, and not booted yet: the slot of the image that is left must not be taken for another one.
        JsonNode again = await machine.CommandAsync(UpdateDisk.InstallCommand("c.swu"), mayFail: true);
        Assert.NotEqual(0, again["exit"]!.GetValue<int>());
        Assert.Contains("an image is installed already", again["output"]!.GetValue<string>(), StringComparison.Ordinal);

        await machine.CommandAsync("reboot");
        GuestReport report = await machine.ReportAsync();
        Assert.Equal(("2.0", "root-b", true), (report.Version, report.Boot("slot"), report.OnTrial));
        await SettleAsync(machine);
        report = await machine.ReportAgainAsync();
        Assert.Equal("confirmed", report["control"]!["trial"]!["now"]!.GetValue<string>());
        Assert.Equal(["BOOT0", "root-a"], Links(report));

        await machine.CommandAsync(UpdateDisk.MountCommand);
        await AssertRefusedAsync(machine, "b.swu", $"image {UpdateImages.B.Summary.ImageUuid} is the one that runs");
        await AssertRefusedAsync(machine, "a.swu", "No downgrading allowed");

        // The other way, by the daemon and its client. An installation that ends halfway leaves nothing behind in the daemon, either.
        await machine.CommandAsync("sh systemctl start swupdate.service");
        JsonNode broken = await machine.CommandAsync(UpdateDisk.SendCommand("changed.swu"), mayFail: true);
        Assert.NotEqual(0, broken["exit"]!.GetValue<int>());
        Assert.Equal(Loader(report), Loader(await machine.ReportAgainAsync()));
        await machine.CommandAsync(UpdateDisk.SendCommand("c.swu"));
        await machine.CommandAsync("reboot");
        report = await machine.ReportAsync();
        Assert.Equal(("3.0", "root-a", true), (report.Version, report.Boot("slot"), report.OnTrial));
        await SettleAsync(machine);
        Assert.Equal("confirmed", (await machine.ReportAgainAsync())["control"]!["trial"]!["now"]!.GetValue<string>());
        await machine.EndAsync();
        Assert.Equal(UpdateState.Ok, disk.NewestEnvironmentAsGuestLeftIt().Environment.UpdateState);
    }

    [Fact]
    public async Task An_update_that_fails_sends_the_device_back_and_says_why()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.A);
        ExtraDisk updates = UpdateDisk.Make(disk, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(UpdateImages.B), ["c.swu"] = UpdateDisk.Of(UpdateImages.C) });
        await using Machine machine = await Machine.StartAsync(disk, output, updates);
        GuestReport report = await machine.ReportAsync();

        report = await TryAsync(machine, "2.0 fail");
        AssertFellBack(report, "health", "initruntime-check-test.service failed");
        string explained = $"the loader returned from image {UpdateImages.B.Summary.ImageUuid} in root-b: health: initruntime-check-test.service failed";
        Assert.Contains(explained, machine.Console, StringComparison.Ordinal);
        Assert.Contains("update that failed", Output(await machine.CommandAsync("sh initruntime-ctl status")), StringComparison.Ordinal);

        // An environment is lost while the device runs: without it the loader would start the update without a way back.
        await SettleAsync(machine);
        await machine.CommandAsync("sh mount -t vfat /dev/vda3 /mnt && : >/mnt/BGENV.DAT && umount /mnt");
        report = await TryAsync(machine, "2.0 panic");
        AssertFellBack(report, null, "no report: watchdog or power");
        report = await TryAsync(machine, "2.0 hang");
        AssertFellBack(report, null, "no report: the watchdog restarted the machine");
        Assert.Equal("watchdog", report.Boot("last_reset"));
        await machine.EndAsync();
    }

    [Fact]
    public async Task After_a_damaged_or_an_interrupted_trial_the_same_update_can_be_installed()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.A);
        ExtraDisk updates = UpdateDisk.Make(disk, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(UpdateImages.B), ["c.swu"] = UpdateDisk.Of(UpdateImages.C) });
        await using Machine machine = await Machine.StartAsync(disk, output, updates);
        GuestReport report = await machine.ReportAsync();

        // The slot cannot even say any more whose it is; the record of the failed boot does.
        report = await TryAsync(machine, "none", "sh dd if=/dev/zero of=/dev/vda5 bs=4096 count=1 conv=notrunc oflag=direct");
        AssertFellBack(report, "root-mount", "");

        // Somebody restarts the device before the new image is confirmed; while it is on trial, no update may be installed.
        await InstallAsync(machine, "2.0 wait");
        report = await machine.ReportAsync();
        Assert.Equal(("2.0", true), (report.Version, report.OnTrial));
        Assert.Empty(Links(report));
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await AssertRefusedAsync(machine, "b.swu", "is the one that runs");
        await AssertRefusedAsync(machine, "c.swu", "update refused: no slot may be written now");
        Assert.Contains("on trial", (await machine.CommandAsync("sh initruntime-ctl prepare-update", mayFail: true))["output"]!.GetValue<string>(), StringComparison.Ordinal);
        await machine.CommandAsync("reboot");
        AssertFellBack(await machine.ReportAsync(), null, "no report: watchdog or power");

        // After all that, the same update is fine.
        await InstallAsync(machine, "none");
        report = await machine.ReportAsync();
        Assert.Equal(("2.0", true), (report.Version, report.OnTrial));
        await SettleAsync(machine);
        Assert.Equal("confirmed", (await machine.ReportAgainAsync())["control"]!["trial"]!["now"]!.GetValue<string>());
        await machine.EndAsync();
    }

    [Fact]
    public async Task What_is_not_for_this_device_is_refused_and_changes_nothing()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.A);
        ExtraDisk updates = UpdateDisk.Make(disk, new Dictionary<string, string>(BadUpdates.Make(disk.Directory, UpdateImages.A, UpdateImages.B)) { ["b.swu"] = UpdateDisk.Of(UpdateImages.B) });
        await using Machine machine = await Machine.StartAsync(disk, output, updates);
        await machine.ReportAsync();
        await SettleAsync(machine);
        await machine.CommandAsync(UpdateDisk.MountCommand);
        const string Digest = "sh sha256sum /dev/vda2 /dev/vda3 /dev/vda4 /dev/vda5";
        string before = Output(await machine.CommandAsync(Digest));
        foreach ((string name, string reason) in BadUpdates.Reasons)
        {
            await AssertRefusedAsync(machine, name, reason.Replace("UUID", $"{UpdateImages.A.Summary.ImageUuid}", StringComparison.Ordinal));
        }

        Assert.Equal(before, Output(await machine.CommandAsync(Digest)));

        // Behind what is signed: found while it is written, so the slot that does not run has changed. What is booted has not; of its FAT the
        // files count, since the loader's library mounts it.
        const string BootedDigest = "sh mount -t vfat -o ro /dev/vda2 /mnt && sha256sum /dev/vda4 /mnt/*; umount /mnt";
        string booted = Output(await machine.CommandAsync(BootedDigest));
        string loader = Loader(await machine.ReportAgainAsync());
        foreach ((string name, string reason) in BadUpdates.LateReasons)
        {
            await AssertRefusedAsync(machine, name, reason);
            Assert.Equal(loader, Loader(await machine.ReportAgainAsync()));
        }

        Assert.Equal(booted, Output(await machine.CommandAsync(BootedDigest)));
        await machine.CommandAsync(UpdateDisk.InstallCommand());
        await machine.EndAsync();
        (string label, BootGuardEnvironment environment) = disk.NewestEnvironmentAsGuestLeftIt();
        Assert.Equal(("BOOT1", UpdateState.Installed), (label, environment.UpdateState));
    }

    [Fact]
    public async Task A_lost_environment_is_made_anew_before_an_update_can_need_it()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.A);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            await machine.ReportAsync();
            await machine.EndAsync();
        }

        // Damaged: /init writes it anew. Cut to nothing, as a power cut leaves it while the loader's library writes: the running system does.
        string file = Path.Combine(disk.Directory, "bad");
        File.WriteAllBytes(file, new byte[BootGuardEnvironment.DefaultSize]);
        disk.ReplaceFileAsGuestLeftIt("BOOT1", BootGuardEnvironment.FileName, file);
        await AssertRepairedAsync(disk, "loader-state: the environment on BOOT1 was damaged, and is written anew: it starts C:BOOT1:linux.efi");
        File.WriteAllBytes(file, []);
        disk.ReplaceFileAsGuestLeftIt("BOOT1", BootGuardEnvironment.FileName, file);
        await AssertRepairedAsync(disk, "loader-state: the environment on BOOT1 is lost; the running system makes it anew");

        // The one of the image that runs: the loader has only the other slot's, which was never written.
        File.WriteAllBytes(file, []);
        disk.ReplaceFileAsGuestLeftIt("BOOT0", BootGuardEnvironment.FileName, file).ReplaceFileAsGuestLeftIt("BOOT1", BootGuardEnvironment.FileName, file);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            Assert.IsNotType<Running>(await machine.VerdictWithinAsync(TimeSpan.FromSeconds(60)));
            await machine.CutPowerAsync();
        }
    }

    private async Task AssertRepairedAsync(DiskImage disk, string words)
    {
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            Assert.Contains(words, machine.Console, StringComparison.Ordinal);
            await SettleAsync(machine);
            report = await machine.ReportAgainAsync();
            Assert.Equal(["BOOT1", "root-b"], Links(report));
            Assert.Equal(2, report["control"]!["loader"]!["environments"]!.AsArray().Count);
            await machine.EndAsync();
        }

        BootGuardEnvironment repaired = disk.EnvironmentAsGuestLeftIt("BOOT1")!;
        Assert.Equal(("C:BOOT1:linux.efi", UpdateState.Ok, 1u), (repaired.KernelFile, repaired.UpdateState, repaired.Revision));
    }

    /// <summary>Installs B, which then behaves like this, and gives what the next boot that comes up tells.</summary>
    private static async Task<GuestReport> TryAsync(Machine machine, string behaviour, string? damage = null)
    {
        await InstallAsync(machine, behaviour, damage);
        while (true)
        {
            if (await machine.VerdictAsync() is not Crashed and not Refused and var verdict)
            {
                return Assert.IsType<Running>(verdict).Report;
            }
        }
    }

    private static async Task InstallAsync(Machine machine, string behaviour, string? damage = null)
    {
        await SettleAsync(machine);
        await machine.CommandAsync($"{SetBehaviour}'{behaviour}' >behaviour && sync -f .");
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await machine.CommandAsync(UpdateDisk.InstallCommand());
        if (damage is not null)
        {
            await machine.CommandAsync(damage);
        }

        await machine.CommandAsync("reboot");
    }

    /// <summary>All of this boot is done, the confirmation too: to start what is being started is to wait for it.</summary>
    private static async Task SettleAsync(Machine machine) => await machine.CommandAsync(UpdateDisk.SettleCommand);

    private static async Task AssertRefusedAsync(Machine machine, string name, string reason)
    {
        JsonNode answer = await machine.CommandAsync(UpdateDisk.InstallCommand(name), mayFail: true);
        Assert.True(answer["exit"]!.GetValue<int>() != 0, $"{name} was installed: {answer}");
        Assert.True(Output(answer).Contains(reason, StringComparison.Ordinal), $"{name} was refused for another reason than \"{reason}\": {Output(answer)}");
    }

    private static void AssertFellBack(GuestReport report, string? stage, string reason)
    {
        Assert.Equal(("1.0", "root-a", false), (report.Version, report.Boot("slot"), report.OnTrial));
        JsonNode fallback = report["boot"]!["fallback"] ?? throw new InvalidOperationException($"nothing is said of the fall-back: {report}");
        Assert.Equal((stage, "root-b", $"{UpdateImages.B.Summary.ImageUuid}"), (fallback["stage"]?.GetValue<string>(), fallback["slot"]!.GetValue<string>(), fallback["image"]!.GetValue<string>()));
        Assert.StartsWith(reason, fallback["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(fallback.ToJsonString(), report["control"]!["fallback"]!.ToJsonString());
    }

    private static string[] Links(GuestReport report) => [.. report["links"]!.AsArray().Select(link => link!.GetValue<string>())];

    /// <summary>What the loader's environments say.</summary>
    private static string Loader(GuestReport report) => report["control"]!["loader"]!.ToJsonString();

    private static string Output(JsonNode answer) => answer["output"]!.GetValue<string>();
}
