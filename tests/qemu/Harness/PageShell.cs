using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Run;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu.Harness;

/// <summary>A shell that runs what a page of the documentation tells people to type, as it stands there, and whoever reads and answers.</summary>
internal sealed class PageShell : IAsyncDisposable
{
    private const int ShownLines = 60;

    /// <summary>Ctrl-A X, which ends the machine whose console is shown.</summary>
    private const string EndOfMachine = "\u0001x";

    /// <summary>A build and a boot, beside another machine.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(8);

    private readonly ITestOutputHelper _output;
    private readonly Process _process;
    private readonly SerialConsole _console;
    private int _waitFrom;

    private PageShell(string directory, string[] lines, ITestOutputHelper output)
    {
        _output = output;
        // As after a clone, and as after an installation: both ways of calling the program are in the pages.
        string program = Path.Combine(directory, "initruntime"), script = Path.Combine(directory, "page.sh");
        File.WriteAllText(program, $"#!/bin/sh\nexec '{Path.Combine(Places.Repository, "initruntime")}' \"$@\"\n");
        File.SetUnixFileMode(program, (UnixFileMode)0x1ed /* 0755 */);
        File.WriteAllLines(script, ["exec 2>&1", "set -e", $"PATH='{directory}':\"$PATH\"", .. lines.SelectMany(line => (string[])[$"echo '$ {line.Replace("'", "'\\''", StringComparison.Ordinal)}'", line])]);
        _process = Process.Start(new ProcessStartInfo("bash", [script]) { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _console = new SerialConsole(_process.StandardOutput.BaseStream, _process.StandardInput.BaseStream, Path.Combine(directory, "page.log"));
    }

    /// <summary>The lines of a page's block of commands.</summary>
    /// <param name="page">From the repository's directory on.</param>
    /// <param name="first">How the block begins.</param>
    internal static string[] Block(string page, string first)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Places.Repository, page));
        int start = Array.FindIndex(lines, line => line.StartsWith(first, StringComparison.Ordinal));
        Assert.True(start > 0 && lines[start - 1] == "```sh", $"{page} has no block of commands that begins with \"{first}\"");
        return [.. lines.Skip(start).TakeWhile(line => line != "```")];
    }

    /// <summary>Runs them in a directory; waits while two machines run.</summary>
    internal static async Task<PageShell> StartAsync(string directory, string[] lines, ITestOutputHelper output)
    {
        await Machine.TakePlaceAsync();
        return new(directory, lines, output);
    }

    /// <summary>Waits for words.</summary>
    internal async Task WaitForAsync(string words) =>
        Assert.True(await Task.Run(() => _console.WaitFor(words, _limit, _waitFrom)), $"\"{words}\" never came");

    /// <summary>Types a line, and waits for words that come after it.</summary>
    internal async Task SayAsync(string line, string answer)
    {
        Type(line + "\n");
        await WaitForAsync(answer);
    }

    /// <summary>Ends the machine as the console says that one does; all commands have succeeded then.</summary>
    internal async Task EndMachineAsync()
    {
        Type(EndOfMachine);
        Assert.True(await Task.Run(() => _process.WaitForExit(_limit)), "the commands did not end");
        Assert.Equal(0, _process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await Task.Run(_console.Dispose);
        _output.WriteLine(_console.LastLines(ShownLines));
        _process.Dispose();
        Machine.GivePlace();
    }

    private void Type(string text)
    {
        _waitFrom = _console.Text.Length;
        _console.Type(text);
    }
}
