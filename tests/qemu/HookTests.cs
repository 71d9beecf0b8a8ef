using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Steps of the integrator, of each kind at each point: they run where the manifest says, and what they do is told.</summary>
public class HookTests(ITestOutputHelper output)
{
    private static readonly string[] _normal = ["before-devices", "devices-ready", "root-ready", "volumes-ready", "before-switch-root"];
    private static readonly string[] _withRoot = ["root-ready", "volumes-ready", "before-switch-root"];

    private static readonly Lazy<BuiltImage> _good = new(() => Open("hooks-good", [
        .. _normal.Select(point => Compiled($"compiled-{point}", point, "say")),
        .. _normal.Select(point => Program($"program-{point}", point)),
        .. _withRoot.Select(point => OfRoot($"script-{point}", point, "say")),
        OfRoot("second", "root-ready", "flood", """after = ["first"]"""),
        OfRoot("first", "root-ready", "say"),
        Compiled("collects", "root-ready", "collect"),
        Compiled("throws", "root-ready", "throw", """on-failure = "continue" """),
        Compiled("crashes", "root-ready", "crash", """on-failure = "continue" """),
        Compiled("hangs", "root-ready", "hang", """
            timeout = "2s"
            on-failure = "continue"
            """),
        OfRoot("fails", "volumes-ready", "fail", """on-failure = "continue" """),
        OfRoot("is-killed", "volumes-ready", "crash", """on-failure = "continue" """),
        OfRoot("waits", "volumes-ready", "hang", """
            timeout = "2s"
            on-failure = "continue"
            """),
        OfRoot("leaves", "volumes-ready", "leave"),
        Compiled("leaves-too", "volumes-ready", "leave"),
        // What fails at the last point is in the report as well.
        OfRoot("late", "before-switch-root", "fail", """on-failure = "continue" """),
        // The processes of all compiled hooks have had their turn by then.
        OfRoot("looks", "before-switch-root", "look"),
    ]));

    private static readonly Lazy<BuiltImage> _bad = new(() => Open("hooks-bad", [
        Compiled("gives-up", "volumes-ready", "throw"),
        Compiled("afterwards", "on-failure", "say"),
        Program("beacon", "on-failure"),
        Compiled("fails-again", "on-failure", "crash"),
    ]));

    private static readonly Lazy<BuiltImage> _stopping = new(() => Open("hooks-stop", [OfRoot("stops", "root-ready", "fail", """on-failure = "stop" """)]));

    [Fact]
    public async Task They_run_in_their_order_and_are_stages_of_the_report()
    {
        using DiskImage disk = DiskImage.Of(_good.Value);
        await using Machine machine = await Machine.StartAsync(disk, output);
        GuestReport report = await machine.ReportAsync();

        string[] stages = [.. report.Stages.Where(IsHook)];
        Assert.Equal(
            [
                "hook-compiled-before-devices", "hook-program-before-devices", "hook-compiled-devices-ready", "hook-program-devices-ready",
                "hook-compiled-root-ready", "hook-program-root-ready", "hook-script-root-ready", "hook-first", "hook-second", "hook-collects", "hook-throws", "hook-crashes", "hook-hangs",
                "hook-compiled-volumes-ready", "hook-program-volumes-ready", "hook-script-volumes-ready", "hook-fails", "hook-is-killed", "hook-waits", "hook-leaves", "hook-leaves-too",
                "hook-compiled-before-switch-root", "hook-program-before-switch-root", "hook-script-before-switch-root", "hook-late", "hook-looks",
            ],
            stages);
        // Forked before anything is known that a hook must not know.
        List<string> all = [.. report.Stages];
        Assert.Equal(10, all.FindIndex(stage => stage == "modules") - all.FindIndex(stage => stage.EndsWith("-prepare", StringComparison.Ordinal)));
        Assert.Equal(["hook-throws", "hook-crashes", "hook-hangs", "hook-fails", "hook-is-killed", "hook-waits", "hook-late"], report.FailedStages.Where(IsHook));

        string console = machine.Console;
        string image = $"{disk.Image.Summary.ImageUuid} 1.0";
        Assert.Contains($"hook compiled-before-devices: before-devices of {image} in no slot, root none, process another", console, StringComparison.Ordinal);
        Assert.Contains($"hook compiled-devices-ready: devices-ready of {image} in root-a, root none, process another", console, StringComparison.Ordinal);
        foreach (string point in _withRoot)
        {
            Assert.Contains($"hook compiled-{point}: {point} of {image} in root-a, root /sysroot, process another", console, StringComparison.Ordinal);
            Assert.Matches($"hook script-{point}: {point} of {image} in root-a, process [0-9]+\r?\n.*hook script-{point}: /\r?\n", console);
        }

        foreach (string point in _normal)
        {
            Assert.Contains($"hook compiled-{point}: descriptors 4, report of {Array.IndexOf(stages, $"hook-compiled-{point}")} hooks", console, StringComparison.Ordinal);
            Assert.Contains($"hook program-{point}: directory /run", console, StringComparison.Ordinal);
        }

        Assert.Contains("hook second: 19900 more lines", console, StringComparison.Ordinal);
        Assert.Contains("hook collects: 81920001 bytes, collected", console, StringComparison.Ordinal);
        Assert.Contains("hook throws: exit code 1: InvalidOperationException: no reason", console, StringComparison.Ordinal);
        Assert.Contains("hook crashes: signal 6", console, StringComparison.Ordinal);
        Assert.Contains("hook hangs: it took longer than 2 s and was killed", console, StringComparison.Ordinal);
        Assert.Contains("hook fails: exit code 7: no reason", console, StringComparison.Ordinal);
        Assert.Contains("hook is-killed: signal 11", console, StringComparison.Ordinal);
        Assert.Contains("hook waits: it took longer than 2 s and was killed", console, StringComparison.Ordinal);
        Assert.Single(console.Split('\n'), line => line.Contains("hook looks: ", StringComparison.Ordinal));
        Assert.Contains("hook looks: nothing else was left behind", console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_fails_ends_the_boot_and_is_named()
    {
        using DiskImage disk = DiskImage.Of(_bad.Value);
        await using Machine machine = await Machine.StartAsync(disk, output);
        Refused refused = await machine.RefusalAsync("hook-gives-up");
        Assert.Equal("hook gives-up: exit code 1: InvalidOperationException: no reason", refused.Reason);

        // Its second try gives up, too, and those of the point on-failure have run before it.
        await machine.RefusalAsync("hook-gives-up");
        Assert.Contains($"hook afterwards: on-failure of {disk.Image.Summary.ImageUuid} 1.0 in root-a, root none", machine.Console, StringComparison.Ordinal);
        Assert.Contains("hook afterwards: descriptors 4, report of 1 hooks and the failure", machine.Console, StringComparison.Ordinal);
        Assert.Contains("hook beacon: directory /run", machine.Console, StringComparison.Ordinal);
        Assert.Contains("hook fails-again: signal 6", machine.Console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_stops_the_machine_stops_it()
    {
        using DiskImage disk = DiskImage.Of(_stopping.Value);
        await using Machine machine = await Machine.StartAsync(disk, output);
        Refused refused = await machine.RefusalAsync("hook-stops");
        Assert.Equal("hook stops: exit code 7: no reason", refused.Reason);
        Assert.StartsWith("stop here, as the manifest says", refused.Next, StringComparison.Ordinal);
    }

    private static bool IsHook(string stage) => stage.StartsWith("hook-", StringComparison.Ordinal) && !stage.EndsWith("-prepare", StringComparison.Ordinal);

    private static string Compiled(string name, string point, string argument, string more = "") => $"""
        [[hook]]
        name = "{name}"
        at = "{point}"
        project = "{_probe.Value}"
        class = "Gateway.Probe"
        arguments = ["{argument}"]
        {more}

        """;

    /// <summary>Debian's own stat, which needs the C library and three others out of the root.</summary>
    private static string Program(string name, string point) => $"""
        [[hook]]
        name = "{name}"
        at = "{point}"
        program = "{Images.Tools.HostPath("usr/bin/stat")}"
        arguments = ["--format", "%F %n", "/run"]

        """;

    private static string OfRoot(string name, string point, string argument, string more = "") => $"""
        [[hook]]
        name = "{name}"
        at = "{point}"
        root-program = "/usr/lib/initruntime-test/hook"
        arguments = ["{argument}"]
        {more}

        """;

    /// <summary>The project of tests/hooks, outside of this repository, as a stranger has one. Its path says what it holds.</summary>
    private static readonly Lazy<string> _probe = new(() =>
    {
        string source = Path.Combine(Places.Repository, "tests", "hooks", "Probe");
        string digest = Convert.ToHexStringLower(SHA256.HashData(Directory.GetFiles(source).Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes).ToArray()))[..16];
        string copy = Path.Combine(Places.Cache, $"probe-{digest}");
        Directory.CreateDirectory(copy);
        using FileStream held = FileLock.Hold($"{copy}.lock");
        foreach (string file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        return Path.Combine(copy, "Probe.csproj");
    });

    private static BuiltImage Open(string name, IEnumerable<string> hooks) => Images.Open(name, demo => VolumeImages.WithVolumes(demo, string.Concat(hooks)));
}
