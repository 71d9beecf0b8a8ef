using System;
using InitRuntime.Failure;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Stages;

namespace InitRuntime.Hooks;

/// <summary>The integrator's hooks, each a stage of its own: its time and its failure are in the boot report.</summary>
internal sealed class BootHooks(StageRunner boot)
{
    /// <summary>Feeds the watchdog while a hook runs; nothing until its driver can be loaded.</summary>
    internal Action Feed { get; set; } = () => { };

    /// <summary>Runs those of a point, in their order.</summary>
    /// <exception cref="StageFailedException">One failed that the boot must not go on without.</exception>
    internal void Run(HookPoint point)
    {
        foreach (HookSettings hook in boot.Journal.Settings!.Hooks)
        {
            if (hook.Point == point)
            {
                boot.Stage($"hook-{hook.Name}", hook.OnFailure == HookFailure.Continue ? OnFailure.Continue : OnFailure.Fallback, () => Run(hook));
            }
        }
    }

    /// <summary>Those that run when the boot is given up: whatever they do, the machine ends as it would without them.</summary>
    internal static void RunOnFailure(BootJournal journal)
    {
        if (journal.Settings is not { } settings)
        {
            return;
        }

        foreach (HookSettings hook in settings.Hooks)
        {
            if (hook.Point != HookPoint.OnFailure)
            {
                continue;
            }

            try
            {
                new HookRunner(journal.CompiledHooks, journal.Log, () => { }).Run(hook, ContextOf(hook, journal, settings));
            }
            catch (BootException e)
            {
                journal.Log.Write(Priority.Failure, e.Message);
            }
        }
    }

    private void Run(HookSettings hook)
    {
        BootJournal journal = boot.Journal;
        using RootBinding? binding = hook.Kind == HookKind.RootProgram ? RootBinding.Make() : null;
        try
        {
            new HookRunner(journal.CompiledHooks, journal.Log, Feed).Run(hook, ContextOf(hook, journal, journal.Settings!));
        }
        catch (BootException e) when (hook.OnFailure == HookFailure.Stop)
        {
            throw new StopBootException(e);
        }
    }

    private static HookContext ContextOf(HookSettings hook, BootJournal journal, BootConfiguration settings) => new()
    {
        Name = hook.Name,
        Point = HookSettingsJson.Name(hook.Point),
        Arguments = hook.Arguments,
        ImageUuid = settings.ImageUuid,
        ImageVersion = settings.ImageVersion,
        Slot = journal.Slot,
        Root = HookSettingsJson.HasRoot(hook.Point) ? RootMount.Path : null,
        Report = BootReportJson.Path,
        Log = _ => { },
    };
}
