using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Hooks;
using InitRuntime.Linux;

namespace InitRuntime;

/// <summary>What this boot has to tell so far: the log, and the facts that a report of success or failure names.</summary>
internal sealed class BootJournal
{
    private readonly List<StageReport> _stages = [];

    /// <summary>The kernel's log; lines before /dev is there are lost.</summary>
    internal Kmsg Log { get; private set; } = Kmsg.Open();

    /// <summary>What was done, in order.</summary>
    internal IReadOnlyList<StageReport> Stages => _stages;

    /// <summary>Makes a hook that is compiled in, by its name; null for none.</summary>
    internal Func<string, IBootHook?>? CompiledHooks { get; init; }

    /// <summary>The processes of hooks that are compiled in.</summary>
    internal Dictionary<string, PreparedChild> PreparedHooks { get; } = [];

    /// <summary>From the kernel's start to ours.</summary>
    internal TimeSpan KernelTime { get; set; }

    /// <summary>The sealed settings, once read.</summary>
    internal BootConfiguration? Settings { get; set; }

    /// <summary>GPT label of the root partition, once found.</summary>
    internal string? Slot { get; set; }

    /// <summary>The failed boot before this one, once read.</summary>
    internal FailureRecord? LastFailure { get; set; }

    /// <summary>Whether the boot loader runs this image on trial, where that is known.</summary>
    internal bool? OnTrial { get; set; }

    /// <summary>Whether the loader starts the other slot's image next, unless this one is confirmed.</summary>
    internal bool FallsBack { get; set; }

    /// <summary>Opens the log again, now that /dev is there.</summary>
    internal void OpenLog()
    {
        Log.Dispose();
        Log = Kmsg.Open();
    }

    internal void Add(StageReport stage) => _stages.Add(stage);
}
