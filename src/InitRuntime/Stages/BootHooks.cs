using System;
using InitRuntime.Failure;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Hooks;
using InitRuntime.Linux;

namespace InitRuntime.Stages;

/// <summary>The integrator's programs, each a stage of its own: its time and its failure are in the boot report.</summary>
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
                HookRunner.Run(hook, ContextOf(journal, settings), RootMount.Path, journal.Log, () => { });
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
        using RootBinding? binding = hook.InRoot ? RootBinding.Make() : null;
        try
        {
            HookRunner.Run(hook, ContextOf(journal, journal.Settings!), RootMount.Path, journal.Log, Feed);
        }
        catch (BootException e) when (hook.OnFailure == HookFailure.Stop)
        {
            throw new StopBootException(e);
        }
    }

    private static HookContext ContextOf(BootJournal journal, BootConfiguration settings) =>
        new(settings.ImageUuid, settings.ImageVersion, journal.Slot, BootReportJson.Path);
}
