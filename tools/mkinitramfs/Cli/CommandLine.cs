using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary>The program <c>initruntime</c>: its verbs, its exit codes, and how it tells an error.</summary>
internal static class CommandLine
{
    /// <summary>Exit code: all was done.</summary>
    internal const int Done = 0;

    /// <summary>Exit code: the work failed or was interrupted.</summary>
    internal const int Failed = 1;

    /// <summary>Exit code: the command line or the manifest is wrong; nothing was written.</summary>
    internal const int Misused = 2;

    private const string Description = """
        Makes a Debian image that boots through its own small init: Secure Boot, dm-verity, A/B slots.
        One manifest says what the image is; docs/manifest.md tells its keys.

        Exit codes: 0 done, 1 failed, 2 wrong usage or manifest.
        """;

    /// <summary>Runs one command line to its end and gives the exit code.</summary>
    internal static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        ParseResult parsed = Make().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return Misuse(parsed, errors);
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("error: interrupted");
        }
        catch (BuildException e)
        {
            errors.WriteLine($"error: {e.Message}");
            if (e.Hint is not null)
            {
                errors.WriteLine($"hint: {e.Hint}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"error: {e.Message}");
        }

        return Failed;
    }

    /// <summary>All verbs.</summary>
    internal static RootCommand Make() => new(Description)
    {
        NewVerb.Make(),
        BuildVerb.Make(),
        CheckVerb.Make(),
        ExplainVerb.Make(),
        RunVerb.Make(),
        InspectVerb.Make(),
        DeltaVerb.Make(),
        KeysVerb.Make(),
        ProfileVerb.Make(),
        DeviceFilesVerb.Make(),
    };

    private static int Misuse(ParseResult parsed, TextWriter errors)
    {
        foreach (ParseError error in parsed.Errors)
        {
            errors.WriteLine($"error: {error.Message}");
        }

        Command command = parsed.CommandResult.Command;
        errors.WriteLine(command is RootCommand
            ? $"hint: the commands are {string.Join(", ", command.Subcommands.Select(verb => verb.Name))}; initruntime --help tells more"
            : $"hint: initruntime {command.Name} --help tells more");
        return Misused;
    }
}
