using System.Collections.Generic;

namespace InitRuntime.Linux;

/// <summary>A program to run to its end by <see cref="ChildProcess"/>.</summary>
/// <param name="Program">Absolute path, below <see cref="RootDirectory"/> if there is one.</param>
/// <param name="Arguments">Its words, without its own name before them. Every process can read them: never a key.</param>
public sealed record ChildCommand(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>A directory that is the child's root; null for our own.</summary>
    public string? RootDirectory { get; init; }

    /// <summary>All its variables, <c>NAME=value</c> each: it inherits none.</summary>
    public IReadOnlyList<string> Environment { get; init; } = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"];

    /// <summary>Whether it leads a process group, so that a passed deadline ends its own children too.</summary>
    public bool OwnProcessGroup { get; init; } = true;

    /// <summary>Whether what it leaves running in that group is killed once it has ended.</summary>
    public bool EndsGroup { get; init; }
}

/// <summary>How a child ended.</summary>
/// <param name="ExitCode">Its exit code; -1 if a signal ended it.</param>
/// <param name="Signal">The signal that ended it; 0 if none did.</param>
/// <param name="TimedOut">Whether it was killed because its deadline had passed.</param>
/// <param name="LastLines">The last of its output, at most <see cref="OutputLines.Kept"/> lines, for messages.</param>
public sealed record ChildResult(int ExitCode, int Signal, bool TimedOut, IReadOnlyList<string> LastLines)
{
    /// <summary>Whether it ended by itself, with exit code 0.</summary>
    public bool Succeeded => ExitCode == 0 && Signal == 0 && !TimedOut;
}
