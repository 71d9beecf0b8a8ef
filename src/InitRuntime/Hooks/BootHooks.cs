using System;
using InitRuntime.Failure;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Stages;

namespace InitRuntime.Hooks;

/// <summary>The integrator's hooks, each a stage of its own: its time and its failure are in the boot report.</summary>
internal sealed class BootHooks
{
    private const int ReportMode = 0x1a4; // 0644

    private readonly StageRunner _boot;

    /// <summary>Prepares what is compiled in, before there is anything that it must not have: each hook has its process from now on.</summary>
    /// <exception cref="StageFailedException">There is no memory.</exception>
    internal BootHooks(StageRunner boot)
    {
        _boot = boot;
        if (!HookSupport.IsOn)
        {
            return;
        }

        foreach (HookSettings hook in boot.Journal.Settings!.Hooks)
        {
            if (hook.Kind == HookKind.Compiled)
            {
                BootJournal journal = boot.Journal;
                boot.Stage(
                    $"hook-{hook.Name}-prepare", OnFailure.Fallback,
                    () => journal.PreparedHooks.Add(hook.Name, HookRunner.Prepare(hook, journal.CompiledHooks, ContextOf(hook, journal, journal.Settings))));
            }
        }
    }

    /// <summary>Feeds the watchdog while a hook runs; nothing until its driver can be loaded.</summary>
    internal Action Feed { get; set; } = () => { };

    /// <summary>The report, once it is written; until then hooks find one of what is known.</summary>
    internal BootReportDocument? Report { get; set; }

    /// <summary>Runs those of a point, in their order.</summary>
    /// <exception cref="StageFailedException">One failed that the boot must not go on without.</exception>
    internal void Run(HookPoint point)
    {
        if (!HookSupport.IsOn)
        {
            return;
        }

        foreach (HookSettings hook in _boot.Journal.Settings!.Hooks)
        {
            if (hook.Point == point)
            {
                _boot.Stage($"hook-{hook.Name}", hook.OnFailure == HookFailure.Continue ? OnFailure.Continue : OnFailure.Fallback, () => Run(hook));
            }
        }
    }

    /// <summary>
    /// Those that run when the boot is given up: whatever they do, the machine ends as it would without them. The report that they find has
    /// this failure as its last one.
    /// </summary>
    internal static void RunOnFailure(BootJournal journal, FailureRecord failure)
    {
        if (!HookSupport.IsOn || journal.Settings is not { } settings)
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
                KernelFile.Create(BootReportJson.Path, BootReportJson.Write(SoFar(journal, settings) with { LastFailure = failure }), ReportMode);
                new HookRunner(journal.PreparedHooks, journal.Log, () => { }).Run(hook, ContextOf(hook, journal, settings));
            }
            catch (Exception e)
            {
                journal.Log.Write(Priority.Failure, e.Message);
            }
        }
    }

    private void Run(HookSettings hook)
    {
        BootJournal journal = _boot.Journal;
        BootReportDocument report = (Report ?? SoFar(journal, journal.Settings!)) with { Stages = journal.Stages };
        KernelFile.Create(BootReportJson.Path, BootReportJson.Write(report), ReportMode);
        using RootBinding? binding = hook.Kind == HookKind.RootProgram ? RootBinding.Make() : null;
        try
        {
            new HookRunner(journal.PreparedHooks, journal.Log, Feed).Run(hook, ContextOf(hook, journal, journal.Settings!));
        }
        catch (BootException e) when (hook.OnFailure == HookFailure.Stop)
        {
            throw new StopBootException(e);
        }
    }

    /// <summary>Ends those that were not needed: the point on-failure was not reached.</summary>
    internal void End()
    {
        foreach (PreparedChild child in _boot.Journal.PreparedHooks.Values)
        {
            child.Dispose();
        }
    }

    private static BootReportDocument SoFar(BootJournal journal, BootConfiguration settings) => new()
    {
        ImageUuid = settings.ImageUuid,
        ImageName = settings.ImageName,
        ImageVersion = settings.ImageVersion,
        Slot = journal.Slot,
        OnTrial = journal.OnTrial,
        KernelMilliseconds = Math.Round(journal.KernelTime.TotalMilliseconds),
        Stages = journal.Stages,
        LastFailure = journal.LastFailure,
    };

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
