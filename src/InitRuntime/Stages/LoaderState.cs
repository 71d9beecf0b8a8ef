using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Failures;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Stages;

/// <summary>What the boot loader thinks of this image, and of the one before it.</summary>
internal static class LoaderState
{
    private const string NoRecord = "no report: watchdog or power";
    private const string WatchdogFired = "no report: the watchdog restarted the machine";

    /// <summary>
    /// Reads EFI Boot Guard's environments. With only one of two it starts an update without a way back: then the other one is written anew
    /// first, and the trial marked, as the loader would have done.
    /// </summary>
    internal static IReadOnlyList<LoaderEnvironment> Read(BootJournal journal, SystemDisk disk)
    {
        IReadOnlyList<LoaderEnvironment> environments = LoaderEnvironments.Read(disk, journal.Log);
        journal.OnTrial = LoaderEnvironments.OnTrial(environments);
        ForgetEarlierTry(journal);
        if (LoaderEnvironments.Missing(disk, environments) is { } missing)
        {
            environments = Repair(journal, environments[0], missing);
        }

        journal.FallsBack = journal.OnTrial == true && environments.Count > 1;
        return environments;
    }

    /// <summary>Why the loader gave the other slot's image up; null if it did not.</summary>
    internal static FallbackReport? ExplainFallback(BootJournal journal, IReadOnlyList<LoaderEnvironment> environments, ImageState images)
    {
        if (FailedSlot(environments) is not { } slot || slot.Root == journal.Slot)
        {
            return null;
        }

        Guid? image = images.InSlot(slot.Root);
        FallbackReport report;
        // A slot that is damaged where it says whose it is may be why: then the record of a failure in this slot is about what was there.
        if (journal.LastFailure is { } failure && (image is null ? failure.Slot == slot.Root : failure.ImageUuid == image))
        {
            image = failure.ImageUuid;
            report = new(image, slot.Root, failure.Stage, failure.Reason);
        }
        else
        {
            report = new(image, slot.Root, null, Watchdog.RestartedTheMachine() ? WatchdogFired : NoRecord);
        }

        journal.Log.Write(
            Priority.Choice,
            $"the loader returned from image {image?.ToString() ?? "(not known)"} in {slot.Root}: {(report.Stage is null ? "" : $"{report.Stage}: ")}{report.Reason}");
        return report;
    }

    /// <summary>Why an earlier try of this image failed is not why this one will: if it has no time to say so, nothing must speak for it.</summary>
    private static void ForgetEarlierTry(BootJournal journal)
    {
        if (journal is { OnTrial: true, LastFailure: { ImageUuid: { } image } earlier } && image == journal.Settings?.ImageUuid)
        {
            journal.Log.Write(Priority.Choice, $"an earlier try of this image failed at {earlier.Stage}: {earlier.Reason}");
            FailureStore.TryRemove(text => journal.Log.Write(Priority.Choice, text));
            journal.LastFailure = null;
        }
    }

    private static IReadOnlyList<LoaderEnvironment> Repair(BootJournal journal, LoaderEnvironment good, LoaderEnvironment missing)
    {
        if (!LoaderEnvironments.TryRewrite(missing))
        {
            journal.Log.Write(Priority.Choice, $"loader-state: the environment on {missing.Label} is lost; the running system makes it anew");
            return [good];
        }

        journal.Log.Write(Priority.Choice, $"loader-state: the environment on {missing.Label} was damaged, and is written anew: it starts {missing.Value.KernelFile}");
        if (good.Value is { InProgress: false, UpdateState: UpdateState.Installed })
        {
            LoaderEnvironments.SetState(good, UpdateState.Testing);
        }

        return [good, missing];
    }

    private static BootSlot? FailedSlot(IReadOnlyList<LoaderEnvironment> environments)
    {
        foreach (LoaderEnvironment environment in environments)
        {
            if (environment.Value.UpdateState == UpdateState.Failed)
            {
                return BootSlots.OfKernel(environment.Value);
            }
        }

        return null;
    }
}
