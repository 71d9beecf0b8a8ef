using System;
using System.CommandLine;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using Spectre.Console;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary>What all verbs share that work for seconds or minutes: how they show it, and how they are stopped.</summary>
internal static class LongWork
{
    internal static Option<bool> Plain() => new("--plain") { Description = "Plain lines instead of progress, as when the output is not a terminal." };

    internal static Option<bool> ShowCommands() => new("-x") { Description = "Show every outside command that is run." };

    /// <summary>Does the work, which says whether all went well; Ctrl-C ends it at its next step.</summary>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    internal static int Do(InvocationConfiguration streams, bool plain, bool showCommands, Func<IBuildLog, bool> work)
    {
        using var interruption = new Interruption(streams.Error);
        try
        {
            return work(new InterruptibleLog(LogFor(streams.Output, plain, showCommands), interruption)) ? CommandLine.Done : CommandLine.Failed;
        }
        catch (BuildException) when (interruption.Requested)
        {
            // An outside program got the Ctrl-C too and failed of it: not its failure, the user's wish.
            throw new OperationCanceledException();
        }
    }

    private static IBuildLog LogFor(TextWriter output, bool plain, bool showCommands) =>
        plain || output != Console.Out || Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb"
            ? new PlainLog(output, showCommands)
            : new TerminalLog(AnsiConsole.Console, showCommands);
}
