using System;
using System.Linq;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Programs of the integrator run where the manifest says, and what they do is told.</summary>
public class HookTests(ITestOutputHelper output)
{
    private static readonly Lazy<BuiltImage> _good = new(() => Open("hooks-good", """
        [[hook]]
        name = "second"
        at = "root-ready"
        root-program = "/usr/lib/initruntime-test/hook"
        arguments = ["flood"]
        after = ["first"]

        [[hook]]
        name = "first"
        at = "root-ready"
        root-program = "/usr/lib/initruntime-test/hook"
        arguments = ["say"]

        [[hook]]
        name = "hangs"
        at = "volumes-ready"
        root-program = "/usr/lib/initruntime-test/hook"
        arguments = ["hang"]
        timeout = "3s"
        on-failure = "continue"

        [[hook]]
        name = "leaves"
        at = "volumes-ready"
        root-program = "/usr/lib/initruntime-test/hook"
        arguments = ["leave"]
        """));

    private static readonly Lazy<BuiltImage> _bad = new(() => Open("hooks-bad", """
        [[hook]]
        name = "gives-up"
        at = "volumes-ready"
        root-program = "/usr/lib/initruntime-test/hook"
        arguments = ["fail"]
        """));

    [Fact]
    public async Task They_run_in_their_order_and_are_stages_of_the_report()
    {
        using DiskImage disk = DiskImage.Of(_good.Value);
        await using Machine machine = await Machine.StartAsync(disk, output);
        GuestReport report = await machine.ReportAsync();
        Assert.Equal(["hook-first", "hook-second", "hook-hangs", "hook-leaves"], report.Stages.Where(stage => stage.StartsWith("hook-", StringComparison.Ordinal)));
        Assert.Equal(["hook-hangs"], report.FailedStages.Where(stage => stage.StartsWith("hook-", StringComparison.Ordinal)));
        Assert.Contains($"hook first: root-ready of {disk.Image.Summary.ImageUuid} in root-a", machine.Console, StringComparison.Ordinal);
        Assert.Contains("hook second: 19900 more lines", machine.Console, StringComparison.Ordinal);
        Assert.Contains("hook hangs: it took longer than 3 s and was killed", machine.Console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_fails_ends_the_boot_and_is_named()
    {
        using DiskImage disk = DiskImage.Of(_bad.Value);
        await using Machine machine = await Machine.StartAsync(disk, output);
        Refused refused = await machine.RefusalAsync("hook-gives-up");
        Assert.Equal("hook gives-up: exit code 7: no reason", refused.Reason);
    }

    private static BuiltImage Open(string name, string sections) => Images.Open(name, demo => VolumeImages.WithVolumes(demo, sections));
}
