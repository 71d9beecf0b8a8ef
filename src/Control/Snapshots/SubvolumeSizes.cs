using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Linux;

namespace InitRuntime.Control.Snapshots;

/// <summary>How much room a subvolume takes.</summary>
/// <param name="Total">All its data, in bytes.</param>
/// <param name="Exclusive">What no other one has, in bytes: so much gets free when it goes.</param>
internal readonly record struct SubvolumeSize(ulong Total, ulong Exclusive);

/// <summary>Asks the root's btrfs-progs how much room subvolumes take. It reads where each file lies, so it takes a while.</summary>
internal static class SubvolumeSizes
{
    private static readonly string[] _programs = ["/usr/bin/btrfs", "/usr/sbin/btrfs", "/bin/btrfs", "/sbin/btrfs"];

    /// <summary>The sizes by path; null with a <paramref name="problem"/> when they cannot be told.</summary>
    internal static IReadOnlyDictionary<string, SubvolumeSize>? Of(IReadOnlyList<string> paths, out string? problem)
    {
        problem = null;
        if (paths.Count == 0)
        {
            return new Dictionary<string, SubvolumeSize>();
        }

        if (Array.Find(_programs, KernelFile.Exists) is not { } program)
        {
            problem = "sizes are left out: the image has no btrfs-progs";
            return null;
        }

        var lines = new List<string>();
        ChildResult result = ChildProcess.Run(
            new ChildCommand(program, ["filesystem", "du", "--raw", "-s", .. paths]) { OwnProcessGroup = false }, [], deadline: null, lines.Add);
        if (!result.Succeeded)
        {
            problem = $"sizes are left out: {program} failed: {(result.LastLines.Count > 0 ? result.LastLines[^1] : $"exit code {result.ExitCode}")}";
            return null;
        }

        return Parse(lines);
    }

    /// <summary>Reads the table: total, exclusive and shared bytes, then the path. Its heading, and what else is no such line, is passed over.</summary>
    internal static IReadOnlyDictionary<string, SubvolumeSize> Parse(IReadOnlyList<string> lines)
    {
        const int Numbers = 3;
        var sizes = new Dictionary<string, SubvolumeSize>();
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', Numbers + 1, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length > Numbers
                && ulong.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong total)
                && ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong exclusive))
            {
                sizes[words[Numbers]] = new(total, exclusive);
            }
        }

        return sizes;
    }
}
