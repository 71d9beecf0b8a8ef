using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.IO;
using InitRuntime.Control.Output;
using InitRuntime.Linux;

namespace InitRuntime.Control.Cli;

/// <summary>The program <c>initruntime-ctl</c>: its verbs, its exit codes, and how it tells an error.</summary>
internal static class CommandLine
{
    /// <summary>Exit code: all was done.</summary>
    internal const int Done = 0;

    /// <summary>Exit code: it failed.</summary>
    internal const int Failed = 1;

    /// <summary>Exit code: the command line is wrong; nothing was done.</summary>
    internal const int Misused = 2;

    private const string Description = """
        Tells how this device booted and whose data its volumes hold, asks for a factory reset, and ends the trial of a new image.

        Exit codes: 0 done, 1 failed, 2 wrong usage.
        """;

    /// <summary>Runs one command line to its end and gives the exit code.</summary>
    internal static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        int code = Failed;
        try
        {
            code = Dispatch(arguments, output, errors);
            output.Flush();
        }
        catch (IOException e)
        {
            // Nobody takes the answer, or not all of it.
            code = Failed;
            TellError(errors, e.Message, null);
        }

        errors.Flush();
        return code;
    }

    /// <summary>All verbs.</summary>
    internal static RootCommand Make() => new(Description)
    {
        StatusVerb.Make(), SnapshotsVerb.Make(), DriftVerb.Make(), ResetVerb.Make(),
        ConfirmVerb.Make(), RejectVerb.Make(), TrialVerb.Make(), PrepareUpdateVerb.Make(), InstallKernelVerb.Make(),
    };

    private static int Dispatch(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        RootCommand root = Make();
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help })
            {
                help.MaxWidth = TextPage.Width;
            }
        }

        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return Misuse(parsed, errors);
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false });
        }
        catch (ControlException e)
        {
            TellError(errors, e.Message, e.Hint ?? (e.IsMisuse ? HelpOf(parsed.CommandResult.Command) : null));
            return e.IsMisuse ? Misused : Failed;
        }
        catch (BootException e)
        {
            TellError(errors, e.Device is null ? e.Message : $"{e.Device}: {e.Message}", e.Hint);
        }
        catch (SyscallException e)
        {
            TellError(errors, e.Message, HintFor(e.Errno));
        }

        return Failed;
    }

    private static string? HintFor(Errno errno) => errno is Errno.EACCES or Errno.EPERM && !Environment.IsPrivilegedProcess ? "run it as root" : null;

    private static int Misuse(ParseResult parsed, TextWriter errors)
    {
        foreach (ParseError error in parsed.Errors)
        {
            TellError(errors, error.Message, null);
        }

        TellHint(errors, HelpOf(parsed.CommandResult.Command));
        return Misused;
    }

    private static string HelpOf(Command command) => command is RootCommand
        ? "the commands are status, snapshots, drift, reset, confirm, reject, trial and prepare-update; initruntime-ctl --help tells more"
        : $"initruntime-ctl {command.Name} --help tells more";

    private static void TellError(TextWriter errors, string message, string? hint)
    {
        errors.Write($"error: {Printable.Text(message)}\n");
        if (hint is not null)
        {
            TellHint(errors, hint);
        }
    }

    private static void TellHint(TextWriter errors, string hint) => errors.Write($"hint: {Printable.Text(hint)}\n");
}
