using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Hooks;
using InitRuntime.Linux;
using InitRuntime.Stages;
using InitRuntime.Storage.Failures;

namespace InitRuntime.Failure;

/// <summary>The end of a boot that cannot go on: say why, keep it, and give the machine back to the boot loader.</summary>
internal static class FailureEnd
{
    private const string DebugShell = "/bin/sh";
    private const int UnknownLongestDelaySeconds = 600;

    /// <summary>Pause before the second reboot in a row, doubled for each further one.</summary>
    private const int FirstDelaySeconds = 5;

    /// <summary>Pause before each reboot when failures cannot be counted: never a tight loop.</summary>
    private const int UncountedDelaySeconds = 10;

    /// <summary>Reports, then does what the manifest says. Returns only if the kernel refuses to reboot.</summary>
    internal static void Act(BootJournal journal, StageFailedException failure)
    {
        BootConfiguration? settings = journal.Settings;
        var cause = failure.InnerException as BootException;
        var record = new FailureRecord
        {
            ImageUuid = settings?.ImageUuid,
            ImageVersion = settings?.ImageVersion,
            Slot = journal.Slot,
            Stage = failure.Stage,
            Reason = failure.Message,
            Device = cause?.Device,
            Consecutive = (journal.LastFailure?.Consecutive ?? 0) + 1,
        };
        bool kept = FailureStore.TryWrite(record, text => journal.Log.Write(Priority.Choice, text));
        FailureAction action = cause is StopBootException ? FailureAction.Halt : settings?.Failure.Action ?? FailureAction.Reboot;
        TimeSpan delay = action == FailureAction.Reboot ? Delay(journal, settings, record.Consecutive, kept) : TimeSpan.Zero;

        Kmsg log = journal.Log;
        log.Write(Priority.Failure, $"{failure.Stage} failed: {failure.Message}");
        if (cause?.Device is { } device)
        {
            log.Write(Priority.Failure, $"{failure.Stage} device: {device}{(journal.Slot is { } slot ? $" (slot {slot})" : "")}");
        }

        log.Write(Priority.Failure, $"{failure.Stage} next: {Next(journal, action, delay, record.Consecutive)}");
        if (cause?.Hint is { } hint)
        {
            log.Write(Priority.Failure, $"hint: {hint}");
        }

        BootHooks.RunOnFailure(journal, record);
        if (settings?.DebugShell == true)
        {
            OpenShell(log);
        }

        Power.Sync();
        Poll.Until(Deadline.After(delay));
        End(action);
    }

    /// <summary>None for the first failure and where the loader falls back: that must not wait.</summary>
    private static TimeSpan Delay(BootJournal journal, BootConfiguration? settings, int consecutive, bool kept)
    {
        if (journal.FallsBack)
        {
            return TimeSpan.Zero;
        }

        int longest = settings?.Failure.LongestDelaySeconds ?? UnknownLongestDelaySeconds;
        int seconds = !kept ? UncountedDelaySeconds
            : consecutive <= 1 ? 0
            : (int)Math.Min(longest, (long)FirstDelaySeconds << (Math.Min(consecutive, 30) - 2));
        return TimeSpan.FromSeconds(Math.Min(seconds, longest));
    }

    private static string Next(BootJournal journal, FailureAction action, TimeSpan delay, int consecutive)
    {
        string image = journal.Settings is { } settings ? $"image {settings.ImageUuid}" : "this image";
        string end = action switch
        {
            FailureAction.Halt => "stop here, as the manifest says",
            FailureAction.PowerOff => "switch off, as the manifest says",
            _ when delay == TimeSpan.Zero => "reboot now",
            _ => $"reboot in {(int)delay.TotalSeconds} s, failure {consecutive} in a row",
        };
        return end + journal.OnTrial switch
        {
            true when journal.FallsBack => $"; {image} is on trial, so the loader returns to the other slot",
            true => $"; {image} is on trial, but the loader has no other environment to return to",
            false => $"; {image} is not on trial, so the loader starts it again",
            null => "",
        };
    }

    /// <summary>Development images only: the shell becomes PID 1, and its end the end of the machine's run.</summary>
    private static void OpenShell(Kmsg log)
    {
        BootTpm.Cap(log);
        log.Write(Priority.Failure, "debug shell on the console: development image; leaving it ends in a kernel panic");
        try
        {
            SystemRoot.Execute(DebugShell, [DebugShell], ["PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=linux"]);
        }
        catch (SyscallException e)
        {
            log.Write(Priority.Failure, $"no debug shell: {e.Message}");
        }
    }

    private static void End(FailureAction action)
    {
        switch (action)
        {
            case FailureAction.Halt:
                Power.Stop();
                break;
            case FailureAction.PowerOff:
                Power.SwitchOff();
                break;
            default:
                Power.Reboot();
                break;
        }
    }
}
