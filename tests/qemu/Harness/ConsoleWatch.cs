using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.RegularExpressions;

namespace InitRuntime.Qemu.Harness;

/// <summary>Reads the verdicts out of a console's lines: one for each boot that failed.</summary>
internal sealed partial class ConsoleWatch(Action<Verdict> verdict)
{
    private readonly List<string> _refusals = [];
    private Match? _failed;
    private string? _device;

    /// <summary>When the kernel last said that it restarts the machine, by its own clock.</summary>
    internal TimeSpan? RestartTime { get; private set; }

    /// <summary>Takes the next line.</summary>
    internal void Take(string line)
    {
        if (FailedLine().Match(line) is { Success: true } failed)
        {
            _failed = failed;
            _device = null;
        }
        else if (DeviceLine().Match(line) is { Success: true } device && IsOfFailed(device))
        {
            _device = device.Groups["device"].Value;
        }
        else if (NextLine().Match(line) is { Success: true } next && IsOfFailed(next))
        {
            if (next.Groups["next"].Value != "going on without it")
            {
                verdict(new Refused(
                    _failed!.Groups["stage"].Value, _failed.Groups["reason"].Value, _device, next.Groups["next"].Value, Time(next)));
            }

            _failed = null;
        }
        else if (RestartLine().Match(line) is { Success: true } restart)
        {
            RestartTime = Time(restart);
        }
        else if (line.Contains("Access Denied", StringComparison.Ordinal) || line.Contains("Security Violation", StringComparison.Ordinal))
        {
            _refusals.Add(line);
        }
        else if (line.Contains("BdsDxe: No bootable option or device was found", StringComparison.Ordinal))
        {
            verdict(new NotStarted(string.Join('\n', _refusals)));
        }
        else if (line.Contains("Kernel panic", StringComparison.Ordinal)
            || line.Contains("Unhandled exception", StringComparison.OrdinalIgnoreCase))
        {
            verdict(new Crashed(line));
        }
    }

    private bool IsOfFailed(Match line) => line.Groups["stage"].Value == _failed?.Groups["stage"].Value;

    private static TimeSpan Time(Match line) => TimeSpan.FromSeconds(double.Parse(line.Groups["time"].ValueSpan, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^\[ *(?<time>\d+\.\d+)\] initruntime: (?<stage>[a-z-]+) failed: (?<reason>.*)$")]
    private static partial Regex FailedLine();

    [GeneratedRegex(@"^\[ *(?<time>\d+\.\d+)\] initruntime: (?<stage>[a-z-]+) device: (?<device>.*)$")]
    private static partial Regex DeviceLine();

    [GeneratedRegex(@"^\[ *(?<time>\d+\.\d+)\] initruntime: (?<stage>[a-z-]+) next: (?<next>.*)$")]
    private static partial Regex NextLine();

    [GeneratedRegex(@"^\[ *(?<time>\d+\.\d+)\] reboot: Restarting system")]
    private static partial Regex RestartLine();
}
