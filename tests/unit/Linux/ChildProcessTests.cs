using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class ChildProcessTests
{
    private const int BrokenPipe = 13;
    private const int Killed = 9;

    [Fact]
    public void An_exit_code_is_told()
    {
        Assert.True(Shell("exit 0").Succeeded);
        ChildResult failed = Shell("exit 41");
        Assert.Equal((41, 0, false), (failed.ExitCode, failed.Signal, failed.TimedOut));
        Assert.False(failed.Succeeded);
    }

    [Fact]
    public void A_signal_that_ends_the_child_is_told()
    {
        ChildResult result = Shell("kill -TERM $$");
        Assert.Equal((-1, 15, false), (result.ExitCode, result.Signal, result.TimedOut));
        Assert.False(result.Succeeded);
    }

    [Fact]
    public void Output_and_errors_come_as_lines_in_their_order()
    {
        var lines = new List<string>();
        ChildResult result = Shell("printf 'one\\ntwo\\r\\n\\n'; printf '10%%\\r20%%\\r' >&2; printf 'größe\\nlast'", line: lines.Add);
        Assert.Equal(["one", "two", "10%", "20%", "größe", "last"], lines);
        Assert.Equal(lines, result.LastLines);
    }

    [Fact]
    public void The_last_twenty_lines_are_kept_and_a_long_one_is_cut()
    {
        ChildResult result = Shell("seq 1 50; head -c 100000 /dev/zero | tr '\\0' x; echo; echo end");
        Assert.Equal(20, result.LastLines.Count);
        Assert.Equal("33", result.LastLines[0]);
        Assert.Equal(new string('x', 4096), result.LastLines[18]);
        Assert.Equal("end", result.LastLines[19]);
    }

    [Fact]
    public void Input_reaches_the_child_and_ends()
    {
        using var key = new SecretBuffer(32);
        key.Span.Fill((byte)'k');
        Assert.Equal([new string('k', 32)], Run("/bin/cat", [], key.Span).LastLines);
        Assert.Equal(["0"], Run("/usr/bin/wc", ["-c"], []).LastLines);
    }

    [Fact]
    public void Much_input_and_much_output_do_not_wait_for_each_other()
    {
        byte[] input = Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 200_000)));
        int lines = 0;
        ChildResult result = Run("/bin/cat", [], input, line: _ => lines++);
        Assert.Equal(200_000, lines);
        Assert.Equal("199999", result.LastLines[^1]);
    }

    [Fact]
    public void A_child_that_does_not_read_its_input_does_not_end_us()
    {
        // As in PID 1 after SystemRoot: the runtime of this test would ignore it otherwise.
        _ = NativeMethods.signal(BrokenPipe, 0);
        Assert.True(Run("/bin/sh", ["-c", "exec <&-; sleep 0.1; exit 0"], new byte[1 << 20]).Succeeded);
    }

    [Fact]
    public void Signals_are_as_at_boot()
    {
        // 32 and 33 are glibc's own, which its posix_spawn leaves ignored.
        ChildResult result = Run("/bin/grep", ["-E", "^Sig(Ign|Blk):", "/proc/self/status"], []);
        Assert.Equal(["SigBlk:\t0000000000000000", "SigIgn:\t0000000180000000"], result.LastLines);
    }

    [Fact]
    public void The_child_sees_only_the_variables_it_was_given()
    {
        Assert.Equal(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"], Run("/usr/bin/env", [], []).LastLines);
        var command = new ChildCommand("/usr/bin/env", []) { Environment = ["A=b c"] };
        Assert.Equal(["A=b c"], ChildProcess.Run(command, [], Soon()).LastLines);
    }

    [Fact]
    public void A_passed_deadline_kills_the_child_and_its_children()
    {
        string? grandchild = null;
        ChildResult result = ChildProcess.Run(
            Sh("sleep 1000 & echo $!; wait"), [], Deadline.After(TimeSpan.FromSeconds(0.5)), line => grandchild ??= line);
        Assert.Equal((-1, Killed, true), (result.ExitCode, result.Signal, result.TimedOut));
        Assert.False(result.Succeeded);
        AssertEnds(grandchild);
    }

    [Fact]
    public void Without_a_group_of_its_own_only_the_child_is_killed()
    {
        string? grandchild = null;
        ChildCommand command = Sh("sleep 1000 >/dev/null & echo $!; wait") with { OwnProcessGroup = false };
        ChildResult result = ChildProcess.Run(command, [], Deadline.After(TimeSpan.FromSeconds(0.5)), line => grandchild ??= line);
        Assert.True(result.TimedOut);
        Assert.True(Runs(grandchild));
        Process.GetProcessById(int.Parse(grandchild!, CultureInfo.InvariantCulture)).Kill();
    }

    [Fact]
    public void The_deadline_holds_for_a_child_that_closed_its_output()
    {
        var clock = Stopwatch.StartNew();
        ChildResult result = ChildProcess.Run(Sh("exec >&- 2>&-; sleep 30"), [], Deadline.After(TimeSpan.FromSeconds(0.3)));
        Assert.True(result.TimedOut);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.29, 10);
        Assert.Equal(7, Shell("exec >&- 2>&-; sleep 0.2; exit 7").ExitCode);
    }

    [Theory]
    [InlineData("sleep 1")]
    [InlineData("exec >&- 2>&-; sleep 1")]
    [InlineData("exec timeout 1 yes")]
    public void The_watchdog_is_fed_whether_or_not_there_is_output(string script)
    {
        int ticks = 0;
        ChildResult result = ChildProcess.Run(Sh(script), [], Soon(), tick: () => ticks++, tickInterval: TimeSpan.FromSeconds(0.1));
        Assert.False(result.TimedOut);
        Assert.InRange(ticks, 4, 11);
    }

    [Fact]
    public void What_lives_on_behind_the_child_is_not_waited_for()
    {
        var clock = Stopwatch.StartNew();
        ChildResult quiet = Shell("sleep 1000 & echo $!; exit 3");
        Assert.Equal(3, quiet.ExitCode);
        Assert.True(Runs(quiet.LastLines[0]));
        Process.GetProcessById(int.Parse(quiet.LastLines[0], CultureInfo.InvariantCulture)).Kill();
        ChildResult loud = Shell("yes & exit 4");
        Assert.Equal(4, loud.ExitCode);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact]
    public void What_the_child_wrote_before_its_end_is_not_lost()
    {
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("12000", Shell("seq 1 12000").LastLines[^1]);
        }
    }

    [Theory]
    [InlineData("/bin/no-such-program", Errno.ENOENT)]
    [InlineData("/etc/passwd", Errno.EACCES)]
    [InlineData("/tmp", Errno.EACCES)]
    public void A_program_that_cannot_be_started_is_named(string program, Errno why)
    {
        SyscallException error = Assert.Throws<SyscallException>(() => Run(program, [], []));
        Assert.Equal(("posix_spawn", program, why), (error.Call, error.Subject, error.Errno));
    }

    [Fact]
    public void A_failure_in_what_takes_the_lines_ends_the_child()
    {
        string? child = null;
        Assert.Throws<InvalidDataException>(() => Shell("echo $$; sleep 1000", line: line =>
        {
            child = line;
            throw new InvalidDataException();
        }));
        Assert.NotNull(child);
        Assert.False(Directory.Exists($"/proc/{child}"));
    }

    private static Deadline Soon() => Deadline.After(TimeSpan.FromSeconds(30));

    private static ChildCommand Sh(string script) => new("/bin/sh", ["-c", script]);

    private static ChildResult Shell(string script, Action<string>? line = null) => ChildProcess.Run(Sh(script), [], Soon(), line);

    private static ChildResult Run(string program, string[] arguments, ReadOnlySpan<byte> input, Action<string>? line = null) =>
        ChildProcess.Run(new ChildCommand(program, arguments), input, Soon(), line);

    /// <summary>A process that nobody reaped yet does not run.</summary>
    private static bool Runs(string? process) =>
        KernelFile.TryReadText($"/proc/{Assert.IsType<string>(process)}/stat") is { } status
        && !status.Contains(") Z ", StringComparison.Ordinal);

    private static void AssertEnds(string? process)
    {
        Deadline deadline = Soon();
        while (Runs(process))
        {
            Assert.False(deadline.Passed, $"process {process} still runs");
            Poll.Until(Deadline.After(TimeSpan.FromMilliseconds(20)));
        }
    }
}
