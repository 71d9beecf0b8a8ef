using System;
using InitRuntime.Linux;
using InitRuntime.Stages;

namespace InitRuntime.Volumes;

/// <summary>Asks a person at the console, for no longer than a device without one can wait, and feeds the watchdog meanwhile.</summary>
internal sealed class ConsolePrompt(BootWatchdog watchdog)
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <summary>What was entered, in bytes; -1 when nobody did, or there is no console.</summary>
    internal int Read(string prompt, SecretBuffer into)
    {
        watchdog.Feed();
        return TerminalPrompt.Read(prompt, into, Deadline.After(_patience), idle: watchdog.Feed);
    }
}
