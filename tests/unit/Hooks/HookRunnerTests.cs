using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Hooks;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Hooks;

public sealed class HookRunnerTests : IDisposable
{
    private static readonly HookContext _context = new()
    {
        Name = "test",
        Point = "root-ready",
        Arguments = [],
        ImageUuid = new Guid("11112222-3333-4444-8555-666677778888"),
        ImageVersion = "1.0",
        Slot = "root-b",
        Root = "/",
        Report = "/run/initruntime/boot.json",
        Log = _ => { },
    };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void It_is_told_where_it_is_and_nothing_else()
    {
        string[] lines = Run("env | sort; ls /proc/self/fd | wc -l; cat");
        Assert.Equal(
            [
                "INITRUNTIME_HOOK=test", "INITRUNTIME_IMAGE_UUID=11112222-3333-4444-8555-666677778888", "INITRUNTIME_IMAGE_VERSION=1.0",
                "INITRUNTIME_POINT=root-ready", "INITRUNTIME_REPORT=/run/initruntime/boot.json", "INITRUNTIME_SLOT=root-b",
            ],
            lines.Where(line => line.StartsWith("INITRUNTIME", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.StartsWith("HOME=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("echo why; exit 3", "hook test: exit code 3: why")]
    [InlineData("kill -SEGV $$", "hook test: signal 11")]
    [InlineData("sleep 60", "hook test: it took longer than 1 s and was killed")]
    [InlineData("trap '' TERM INT; while :; do sleep 1; done", "hook test: it took longer than 1 s and was killed")]
    public void How_it_failed_is_told(string script, string message)
    {
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(message, Assert.Throws<BootException>(() => Run(script, timeout: 1)).Message);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_program_that_is_not_there_is_named()
    {
        BootException error = Assert.Throws<BootException>(() => new HookRunner(new Dictionary<string, PreparedChild>(), Kmsg.Open(_directory["log"]), () => { }).Run(Hook([]) with { Program = "/nonexistent" }, _context));
        Assert.StartsWith("hook test: ", error.Message, StringComparison.Ordinal);
        Assert.Equal("is /nonexistent in the initramfs?", error.Hint);
    }

    [Fact]
    public void A_flood_is_cut_and_what_it_leaves_behind_ends_with_it()
    {
        string mark = _directory["mark"];
        string[] lines = Run($"(sleep 3; touch '{mark}') & seq 1 5000; printf 'x%.0s' $(seq 1000); echo");
        Assert.Equal(101, lines.Length);
        Assert.Equal("4901 more lines", lines[^1]);
        System.Threading.Thread.Sleep(4000);
        Assert.False(File.Exists(mark));
    }

    private string[] Run(string script, int timeout = 30)
    {
        string path = _directory["log"];
        File.WriteAllText(path, "");
        using (Kmsg log = Kmsg.Open(path))
        {
            new HookRunner(new Dictionary<string, PreparedChild>(), log, () => { }).Run(Hook(["-c", script]) with { TimeoutSeconds = timeout }, _context);
        }

        return [.. File.ReadAllLines(path).Select(line => line[(line.IndexOf("hook test: ", StringComparison.Ordinal) + "hook test: ".Length)..])];
    }

    private static HookSettings Hook(IReadOnlyList<string> arguments) => new()
    {
        Name = "test",
        Point = HookPoint.RootReady,
        Program = "/bin/sh",
        Arguments = arguments,
        Kind = HookKind.Program,
        TimeoutSeconds = 30,
        OnFailure = HookFailure.Fallback,
    };
}
