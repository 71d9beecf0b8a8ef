using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;

namespace InitRuntime.Hooks;

/// <summary>What a hook is told, as variables; never a key.</summary>
/// <param name="ImageUuid">Of the image that boots.</param>
/// <param name="ImageVersion">Of it.</param>
/// <param name="Slot">GPT label of its root partition; null while it is not known.</param>
/// <param name="Report">Path of the boot report so far.</param>
public sealed record HookContext(Guid ImageUuid, string ImageVersion, string? Slot, string Report);

/// <summary>Runs one hook to its end: its lines go to the log with its name, its time is limited, and nothing of it stays.</summary>
public static class HookRunner
{
    /// <summary>More lines than these are counted, not logged: a flood must not push the boot's own lines out of the kernel's log.</summary>
    private const int MostLines = 100;

    /// <summary>What the log takes of a line.</summary>
    private const int LongestLine = 300;

    /// <summary>Runs it.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="context">What it is told.</param>
    /// <param name="root">Where the verified root is mounted.</param>
    /// <param name="log">Gets its lines.</param>
    /// <param name="feed">Feeds the watchdog, about every two seconds.</param>
    /// <exception cref="BootException">It cannot be started, ends with another exit code than 0 or by a signal, or takes too long.</exception>
    public static void Run(HookSettings hook, HookContext context, string root, Kmsg log, Action feed)
    {
        ArgumentNullException.ThrowIfNull(hook);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(log);
        var command = new ChildCommand(hook.Program, hook.Arguments)
        {
            RootDirectory = hook.InRoot ? root : null,
            Environment = EnvironmentOf(hook, context),
            EndsGroup = true,
        };
        int lines = 0;
        ChildResult result;
        try
        {
            result = ChildProcess.Run(
                command, [], Deadline.After(TimeSpan.FromSeconds(hook.TimeoutSeconds)),
                line =>
                {
                    if (++lines <= MostLines)
                    {
                        log.Write(Priority.Choice, $"hook {hook.Name}: {Shown(line)}");
                    }
                },
                feed, TimeSpan.FromSeconds(2));
        }
        catch (SyscallException e)
        {
            throw new BootException($"hook {hook.Name}: {e.Message}", hint: $"is {hook.Program} in the {(hook.InRoot ? "root" : "initramfs")}?", inner: e);
        }

        if (lines > MostLines)
        {
            log.Write(Priority.Choice, string.Create(CultureInfo.InvariantCulture, $"hook {hook.Name}: {lines - MostLines} more lines"));
        }

        if (!result.Succeeded)
        {
            string end = result.TimedOut ? $"it took longer than {hook.TimeoutSeconds} s and was killed"
                : result.Signal != 0 ? $"signal {result.Signal}"
                : $"exit code {result.ExitCode}";
            throw new BootException($"hook {hook.Name}: {end}{(result.LastLines.Count > 0 ? $": {Shown(result.LastLines[^1])}" : "")}");
        }
    }

    private static List<string> EnvironmentOf(HookSettings hook, HookContext context)
    {
        List<string> variables =
        [
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
            $"INITRUNTIME_HOOK={hook.Name}",
            $"INITRUNTIME_POINT={HookSettingsJson.Name(hook.Point)}",
            $"INITRUNTIME_IMAGE_UUID={context.ImageUuid}",
            $"INITRUNTIME_IMAGE_VERSION={context.ImageVersion}",
            $"INITRUNTIME_REPORT={context.Report}",
        ];
        if (context.Slot is { } slot)
        {
            variables.Add($"INITRUNTIME_SLOT={slot}");
        }

        return variables;
    }

    private static string Shown(string line) => line.Length <= LongestLine ? line : line[..LongestLine] + "...";
}
