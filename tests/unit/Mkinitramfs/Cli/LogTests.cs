using System;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Threading;
using InitRuntime.Mkinitramfs.Cli;
using InitRuntime.Mkinitramfs.Host;
using Spectre.Console;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Cli;

public sealed class LogTests
{
    [Fact]
    public void A_terminal_shows_steps_inside_steps_and_takes_brackets_as_they_are()
    {
        using var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 200;
        var log = new TerminalLog(console, showCommands: true);
        int answer = log.Step("outer [1]", () => log.Step("inner", () =>
        {
            log.Command("echo [red]");
            log.Warning("[[overlay]] is odd");
            return 42;
        }));
        Assert.Equal(42, answer);
        foreach (string expected in new[] { "+ echo [red]", "warning: [[overlay]] is odd", "done  inner", "done  outer [1]" })
        {
            Assert.Contains(expected, output.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_step_that_fails_leaves_the_terminal_ready_for_the_next()
    {
        using var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        var log = new TerminalLog(console, showCommands: false);
        Assert.Throws<BuildException>(() => log.Step<int>("first", () => throw new BuildException("no")));
        Assert.Equal(1, log.Step("second", () => 1));
        Assert.DoesNotContain("done  first", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Output_that_is_no_terminal_gets_plain_lines()
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = LongWork.Do(new InvocationConfiguration { Output = output, Error = errors }, plain: false, showCommands: true, log =>
        {
            log.Command("true");
            return log.Step("work", () => true);
        });
        Assert.Equal(0, code);
        Assert.StartsWith("+ true\nwork ...\nwork: done in ", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interruption_ends_the_work_at_its_next_step()
    {
        using var errors = new StringWriter();
        Assert.Throws<OperationCanceledException>(() => LongWork.Do(
            new InvocationConfiguration { Output = TextWriter.Null, Error = errors }, plain: true, showCommands: false, log =>
            {
                new HostCommand("kill", "-TERM", $"{Environment.ProcessId}").Run(log);
                var limit = Stopwatch.StartNew();
                while (limit.Elapsed < TimeSpan.FromSeconds(30))
                {
                    log.Step("short work", () => Thread.Yield());
                }

                return true;
            }));
        Assert.Equal("stopping and tidying up; once more to stop at once\n", errors.ToString());
    }
}
