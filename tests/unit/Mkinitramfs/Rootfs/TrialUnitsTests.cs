using System;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class TrialUnitsTests
{
    private static readonly ImageManifest _checked = Manifests.Small() with
    {
        Confirm = new(90, ReadRoot: true, NoFailedUnits: true),
        HealthChecks = [new("web", ["/usr/bin/test", "a \"b\" \\ $HOME 100%", "-n"], 20), new("disk", ["/usr/bin/true"], 5)],
    };

    [Fact]
    public void Systemd_takes_every_unit()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["units"]);
        foreach (AddedFile file in TrialUnits.Make(_checked).Where(file => file.Path.StartsWith("usr/lib/systemd/system/", StringComparison.Ordinal)))
        {
            // A program that this machine has stands for the one that the device has.
            string path = Path.Combine(directory["units"], file.Path["usr/lib/systemd/system/".Length..]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, System.Text.Encoding.UTF8.GetString(file.Content).Replace("/usr/bin/initruntime-ctl", "/usr/bin/true", StringComparison.Ordinal));
        }

        string[] units = [.. Directory.GetFiles(directory["units"]).Select(path => path.Replace("@.service", "@x.service", StringComparison.Ordinal))];
        Assert.Equal(6, units.Length);
        string told = Tools.Run("env", [$"SYSTEMD_UNIT_PATH={directory["units"]}:", "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", .. units]);
        Assert.Equal("", told.Trim());
    }

    [Fact]
    public void Words_of_a_command_reach_the_program_as_they_are()
    {
        string unit = Text("initruntime-check-web.service");
        Assert.Contains("ExecStart=\"/usr/bin/test\" \"a \\\"b\\\" \\\\ $$HOME 100%%\" \"-n\"\n", unit, StringComparison.Ordinal);
        Assert.Contains("TimeoutStartSec=20\n", unit, StringComparison.Ordinal);
        Assert.Contains("OnFailure=initruntime-reject@initruntime-check-web.service.service\n", unit, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_that_fails_is_told_before_the_failure_that_follows_from_it() => Assert.Contains(
        "After=basic.target initruntime-reject@initruntime-check-web.service.service initruntime-reject@initruntime-check-disk.service.service "
        + "initruntime-reject@systemd-boot-check-no-failures.service.service\n",
        Text("initruntime-reject.service"), StringComparison.Ordinal);

    [Fact]
    public void Nothing_is_there_that_the_manifest_does_not_ask_for()
    {
        ImageManifest small = Manifests.Small() with { Boot = Manifests.Small().Boot with { WatchdogSeconds = 0 }, Confirm = new(600, ReadRoot: false, NoFailedUnits: false) };
        Assert.Equal(
            [
                "usr/lib/systemd/system/initruntime-confirm.service", "usr/lib/systemd/system/initruntime-reject.service",
                "usr/lib/systemd/system/initruntime-reject@.service", "usr/lib/systemd/system/initruntime-trial.service",
                "usr/lib/systemd/system/multi-user.target.d/50-initruntime.conf", "usr/lib/systemd/system/sysinit.target.d/50-initruntime.conf",
            ],
            TrialUnits.Make(small).Select(file => file.Path).Order(StringComparer.Ordinal));
    }

    private static string Text(string unit) => System.Text.Encoding.UTF8.GetString(TrialUnits.Make(_checked).Single(file => file.Path.EndsWith($"/{unit}", StringComparison.Ordinal)).Content);
}
