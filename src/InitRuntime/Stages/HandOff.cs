using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Storage.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Failures;

namespace InitRuntime.Stages;

/// <summary>What the running system needs to know of this boot.</summary>
internal static class HandOff
{
    /// <summary>Of all paths that the report names as hidden, in characters; each can become six bytes of JSON.</summary>
    private const int LongestDrift = BootReportJson.MaximumReportLength / 32;

    /// <summary>Leaves the udev record and the boot report.</summary>
    internal static BootReportDocument Prepare(
        BootJournal journal, BootConfiguration settings, SystemDisk disk, RootPartition partition, MappedDevice root,
        IReadOnlyList<VolumeReport> volumes, IReadOnlyList<DriftEntry> drift, ResetRequest? reset, FallbackReport? fallback, BootTpm tpm)
    {
        root.WriteUdevRecord();
        List<DriftEntry> shown = Shown(drift);
        var report = new BootReportDocument
        {
            ImageUuid = settings.ImageUuid,
            ImageName = settings.ImageName,
            ImageVersion = settings.ImageVersion,
            Slot = partition.Slot,
            RootPartition = partition.Device.Path,
            SystemDisk = disk.Device.Path,
            OnTrial = journal.OnTrial,
            KernelMilliseconds = Math.Round(journal.KernelTime.TotalMilliseconds),
            Stages = journal.Stages,
            Volumes = volumes,
            Measurements = tpm.Measured,
            NotMeasured = tpm.NotMeasured,
            Drift = shown,
            DriftOmitted = drift.Count - shown.Count,
            Reset = reset is null ? null : $"{reset}; asked for by {reset.Source}",
            LastReset = Watchdog.RestartedTheMachine() ? "watchdog" : null,
            LastFailure = journal.LastFailure,
            Fallback = fallback,
        };
        Write(report);
        if (journal.OnTrial == true)
        {
            KernelFile.Create(BootReportJson.OnTrialPath, [], 0x1a4 /* 0644 */);
        }

        return report;
    }

    /// <summary>Adds to the report what was done since, and counts this boot as a good one.</summary>
    internal static void Complete(BootJournal journal, BootReportDocument report, int reportedStages)
    {
        if (journal.Stages.Count > reportedStages)
        {
            Write(report with { Stages = journal.Stages });
        }

        if (journal.LastFailure is { Consecutive: > 0 } last)
        {
            // The record stays readable, but the series of failures is over.
            FailureStore.TryWrite(last with { Consecutive = 0 }, text => journal.Log.Write(Priority.Choice, text));
        }
    }

    private static void Write(BootReportDocument report) => KernelFile.Create(BootReportJson.Path, BootReportJson.Write(report), 0x1a4 /* 0644 */);

    /// <summary>What of the drift the report has room for.</summary>
    private static List<DriftEntry> Shown(IReadOnlyList<DriftEntry> drift)
    {
        var shown = new List<DriftEntry>();
        int length = 0;
        foreach (DriftEntry entry in drift)
        {
            length += entry.Path.Length;
            if (length > LongestDrift)
            {
                break;
            }

            shown.Add(entry);
        }

        return shown;
    }
}
