using System;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Run;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// A PC that boots a test's disk, with Secure Boot, a TPM and a watchdog. Its state (firmware variables, TPM) lies beside the
/// disk, so that a second machine of the same disk is the same one, switched on again.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private const int ShownLines = 60;

    /// <summary>Without KVM a boot takes a minute on a machine that has nothing else to do.</summary>
    private static readonly TimeSpan _bootLimit = TimeSpan.FromSeconds(240);

    private static readonly TimeSpan _longestTest = TimeSpan.FromHours(1);

    private static readonly TimeSpan _restartLimit = TimeSpan.FromSeconds(60);

    /// <summary>Each keeps one processor of this machine busy.</summary>
    private static readonly SemaphoreSlim _places = new(2);

    private readonly VirtualMachine _machine;
    private readonly ITestOutputHelper _output;
    private readonly Channel<Verdict> _verdicts = Channel.CreateUnbounded<Verdict>();
    private readonly Channel<JsonNode> _answers = Channel.CreateUnbounded<JsonNode>();
    private readonly ConsoleWatch _watch;
    private volatile bool _takesCommands;
    private int _waitFrom;

    private Machine(MachineOptions options, ITestOutputHelper output)
    {
        _output = output;
        _machine = VirtualMachine.Start(options, Images.Tools, new PlainLog(TextWriter.Null, showCommands: false));
        _watch = new ConsoleWatch(verdict => _verdicts.Writer.TryWrite(verdict));
        _machine.Console.Line += _watch.Take;
        _machine.Continue();
        new Thread(WaitForReports) { IsBackground = true, Name = "verdict" }.Start();
    }

    /// <summary>All that came over the serial line since it was switched on.</summary>
    internal string Console => _machine.Console.Text;

    /// <summary>Switches a machine on; waits while two others run.</summary>
    internal static Task<Machine> StartAsync(DiskImage disk, ITestOutputHelper output, params ExtraDisk[] extraDisks) =>
        StartAsync(disk, output, options => options with { ExtraDisks = extraDisks });

    /// <summary>The same for a machine that is not quite as usual.</summary>
    internal static async Task<Machine> StartAsync(DiskImage disk, ITestOutputHelper output, Func<MachineOptions, MachineOptions> change)
    {
        var options = new MachineOptions
        {
            Disk = disk.Path,
            Keys = disk.Image.Keys,
            StateDirectory = disk.MachineDirectory,
            Processors = 1,
            StartPaused = true,
        };
        await TakePlaceAsync();
        try
        {
            return await Task.Run(() => new Machine(change(options), output));
        }
        catch
        {
            GivePlace();
            throw;
        }
    }

    /// <summary>Waits while two machines run; to be given back.</summary>
    internal static Task TakePlaceAsync() => _places.WaitAsync();

    /// <summary>Lets another machine start.</summary>
    internal static void GivePlace() => _places.Release();

    /// <summary>How the next boot ends.</summary>
    internal async Task<Verdict> VerdictAsync()
    {
        using var limit = new CancellationTokenSource(_bootLimit);
        try
        {
            return await _verdicts.Reader.ReadAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            return new Silent();
        }
    }

    /// <summary>How the next boot ends, if it does so within this time; else null.</summary>
    internal async Task<Verdict?> VerdictWithinAsync(TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        try
        {
            return await _verdicts.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The next boot is one that has to reach the end.</summary>
    internal async Task<GuestReport> ReportAsync() => Assert.IsType<Running>(await VerdictAsync()).Report;

    /// <summary>The next boot is one that /init has to give up, at a stage.</summary>
    internal async Task<Refused> RefusalAsync(string stage)
    {
        Refused refused = Assert.IsType<Refused>(await VerdictAsync());
        Assert.Equal(stage, refused.Stage);
        return refused;
    }

    /// <summary>
    /// Waits until the machine starts again, from the firmware on; gives the time between the last word of /init and the kernel's
    /// last word, by the kernel's clock.
    /// </summary>
    internal async Task<TimeSpan> RestartAsync(Refused refused)
    {
        int end = Console.LastIndexOf($"{refused.Stage} next:", StringComparison.Ordinal);
        Assert.True(
            await Task.Run(() => _machine.Console.WaitFor("BdsDxe: starting", _restartLimit, end)), "the firmware did not start again");
        Assert.NotNull(_watch.RestartTime);
        return _watch.RestartTime.Value - refused.Time;
    }

    /// <summary>Waits for words on the console.</summary>
    internal async Task WaitForAsync(string words) =>
        Assert.True(await Task.Run(() => _machine.Console.WaitFor(words, _bootLimit, _waitFrom)), $"\"{words}\" never came");

    /// <summary>Types on the console; words that came before it count no longer.</summary>
    internal void Type(string text)
    {
        _waitFrom = Console.Length;
        _machine.Console.Type(text);
    }

    /// <summary>
    /// Has a running guest of an <see cref="ImageFamily"/> do something, and gives its answer: <c>command</c>, <c>exit</c>, <c>output</c>.
    /// tests/qemu/Guest/usr/lib/initruntime-test/state tells which commands there are.
    /// </summary>
    /// <param name="command">One line.</param>
    /// <param name="mayFail">Whether an exit code that is not 0 is an answer too.</param>
    internal async Task<JsonNode> CommandAsync(string command, bool mayFail = false)
    {
        _takesCommands = command is not ("off" or "reboot");
        _machine.Send(command);
        using var limit = new CancellationTokenSource(_bootLimit);
        JsonNode answer;
        try
        {
            answer = await _answers.Reader.ReadAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            throw new InvalidOperationException($"the guest did not answer to \"{command}\"", e);
        }

        Assert.Equal(command, answer["command"]!.GetValue<string>());
        Assert.True(mayFail || answer["exit"]!.GetValue<int>() == 0, $"the guest failed: {answer}");
        return answer;
    }

    /// <summary>What the running guest tells now.</summary>
    internal async Task<GuestReport> ReportAgainAsync() => new((await CommandAsync("report"))["report"]!.DeepClone());

    /// <summary>Cuts the power.</summary>
    internal Task CutPowerAsync() => Task.Run(_machine.CutPower);

    /// <summary>Waits until the guest has switched itself off; one that takes commands is told to.</summary>
    internal async Task EndAsync()
    {
        if (_takesCommands)
        {
            await CommandAsync("off", mayFail: true);
        }

        Assert.True(await Task.Run(() => _machine.WaitForEnd(_restartLimit)), "the machine did not switch off");
    }

    public async ValueTask DisposeAsync()
    {
        // Shown when the test fails.
        _output.WriteLine(_machine.Console.LastLines(ShownLines));
        _output.WriteLine($"console: {_machine.SerialLog}");
        _output.WriteLine($"command: {_machine.CommandLine}");
        await Task.Run(_machine.Dispose);
        GivePlace();
    }

    private void WaitForReports()
    {
        while (_machine.WaitForReport(_longestTest) is { } line)
        {
            if (Parse(line) is not { } document)
            {
                continue;
            }

            if (document["command"] is not null)
            {
                _answers.Writer.TryWrite(document);
                continue;
            }

            var report = new GuestReport(document);
            _takesCommands = report.TakesCommands;
            _verdicts.Writer.TryWrite(new Running(report));
        }

        _verdicts.Writer.TryComplete();
        _answers.Writer.TryComplete();
    }

    /// <summary>A line of the guest; null for one that a reset cut short.</summary>
    private static JsonNode? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
