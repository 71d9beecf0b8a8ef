using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;

namespace InitRuntime.Hooks;

/// <summary>Runs one hook to its end: its lines go to the log with its name, its time is limited, and nothing of it stays.</summary>
/// <param name="prepared">Those that are compiled in, by their names.</param>
/// <param name="log">Gets its lines.</param>
/// <param name="feed">Feeds the watchdog, about every two seconds.</param>
internal sealed class HookRunner(IReadOnlyDictionary<string, PreparedChild> prepared, Kmsg log, Action feed)
{
    /// <summary>More lines than these are counted, not logged: a flood must not push the boot's own lines out of the kernel's log.</summary>
    private const int MostLines = 100;

    /// <summary>What the log takes of a line.</summary>
    private const int LongestLine = 300;

    private static readonly TimeSpan _feedInterval = TimeSpan.FromSeconds(2);

    /// <summary>Runs it.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="context">What it is told; its log is not used.</param>
    /// <exception cref="BootException">It cannot be started, ends with another exit code than 0 or by a signal, or takes too long.</exception>
    internal void Run(HookSettings hook, HookContext context)
    {
        var deadline = Deadline.After(TimeSpan.FromSeconds(hook.TimeoutSeconds));
        int lines = 0;
        void Show(string line)
        {
            if (++lines <= MostLines)
            {
                log.Write(Priority.Choice, $"hook {hook.Name}: {Shown(line)}");
            }
        }

        ChildResult result;
        try
        {
            result = hook.Kind == HookKind.Compiled
                ? RunCompiled(hook, context, deadline, Show)
                : ChildProcess.Run(Command(hook, context), [], deadline, Show, feed, _feedInterval);
        }
        catch (SyscallException e)
        {
            throw new BootException(
                $"hook {hook.Name}: {e.Message}", hint: $"is {hook.Program} in the {(hook.Kind == HookKind.RootProgram ? "root" : "initramfs")}?", inner: e);
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

    /// <summary>Makes the process of a hook that is compiled in. Of what becomes known later, it is told the slot when it runs.</summary>
    /// <exception cref="SyscallException">fork: EAGAIN, ENOMEM.</exception>
    internal static PreparedChild Prepare(HookSettings hook, Func<string, IBootHook?>? make, HookContext context) => PreparedChild.Make(
        hook.Name, (input, print) => (make?.Invoke(hook.Name) ?? throw new InvalidOperationException("it is not compiled into this /init")).Run(context with { Slot = input.Length > 1 ? Encoding.UTF8.GetString(input, 1, input.Length - 1) : null, Log = print }));

    private ChildResult RunCompiled(HookSettings hook, HookContext context, Deadline deadline, Action<string> show) =>
        prepared.TryGetValue(hook.Name, out PreparedChild? child)
            ? ChildProcess.Run(child, [1, .. Encoding.UTF8.GetBytes(context.Slot ?? "")], deadline, show, feed, _feedInterval)
            : throw new BootException($"hook {hook.Name}: it is not compiled into this /init", hint: "build the image again");

    private static ChildCommand Command(HookSettings hook, HookContext context) => new(hook.Program, hook.Arguments)
    {
        RootDirectory = hook.Kind == HookKind.RootProgram ? context.Root : null,
        Environment = EnvironmentOf(context),
        EndsGroup = true,
    };

    private static List<string> EnvironmentOf(HookContext context)
    {
        List<string> variables =
        [
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
            $"INITRUNTIME_HOOK={context.Name}",
            $"INITRUNTIME_POINT={context.Point}",
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
