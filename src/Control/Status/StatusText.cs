using System;
using System.Globalization;
using InitRuntime.Control.Output;
using InitRuntime.Control.Reset;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.BootReport;
using InitRuntime.Storage.BootGuard;

namespace InitRuntime.Control.Status;

/// <summary>The status for people.</summary>
internal static class StatusText
{
    internal static void Write(TextPage page, DeviceStatus status)
    {
        BootReportDocument boot = status.Boot;
        page.Heading($"{boot.ImageName} {boot.ImageVersion}");
        page.Row("image", boot.ImageUuid.ToString());
        page.RowIfAny("slot", boot.Slot is null ? null : $"{boot.Slot}: {boot.RootPartition} of {boot.SystemDisk}");
        page.Row("state", Trial(status));
        Write(page, status.Loader);
        page.Row("boot time", $"{Printable.Seconds(boot.KernelMilliseconds + status.InitMilliseconds)}: kernel {Printable.Seconds(boot.KernelMilliseconds)}, /init {Printable.Seconds(status.InitMilliseconds)}");
        foreach (StageReport stage in boot.Stages)
        {
            page.RowIfAny("failed stage", stage.Failed is null ? null : $"{stage.Name}: {stage.Failed}");
        }

        page.RowIfAny("last reset", status.Boot.LastReset is null ? null : "the watchdog restarted the machine before this boot");
        page.RowIfAny("not measured", boot.NotMeasured);
        page.RowIfAny("drift", boot.Drift.Count == 0 ? null : $"{Printable.Count(boot.DriftCount, "file")} hidden by older ones: initruntime-ctl drift");
        page.RowIfAny("reset", boot.Reset is null ? null : $"this boot made one: {boot.Reset}");
        foreach (PendingReset reset in status.Resets)
        {
            page.Row("next boot", reset.Request is { } request
                ? $"makes a factory reset of {request}; {PendingResets.HowToCancel(reset)} takes that back"
                : $"{reset.Variable} asks for a factory reset that is not understood: {reset.Problem}");
        }

        for (int i = 0; i < boot.Volumes.Count; i++)
        {
            Write(page, boot.Volumes[i], status.Space[i]);
        }

        if (boot.Fallback is { } fallback)
        {
            Write(page, fallback);
        }

        if (boot.LastFailure is { } failure)
        {
            Write(page, failure);
        }
    }

    /// <summary>How a volume came to hold what it holds, for people.</summary>
    internal static string Describe(SnapshotReport snapshot) => snapshot.Action switch
    {
        "found" => "this image's own",
        "seeded" => "this image's own; they began as what the image brings",
        "taken" => $"this image's own; they began as a snapshot of those of {Image(snapshot.From)}",
        "adopted" => "this image's own; they began as what was there before images had their own",
        "merged" => "this image's own; what it wrote on trial was made lasting",
        "dropped" => $"this image's own; what {Image(snapshot.From)} wrote on trial was given up",
        _ => snapshot.Action,
    };

    private static string Trial(DeviceStatus status)
    {
        TrialState before = LoaderView.Of(status.Boot.OnTrial);
        TrialState now = status.Loader.Now;
        string text = now == TrialState.OnTrial ? "on trial: unless confirmed, the other slot is booted next" : Word(now);
        return now == before ? text : $"{text}; {Word(before)} when it was booted";
    }

    private static string Word(TrialState state) => state switch
    {
        TrialState.OnTrial => "on trial",
        TrialState.Confirmed => "confirmed",
        _ => "not known",
    };

    private static void Write(TextPage page, LoaderView loader)
    {
        string label = "loader";
        foreach (LoaderEnvironment environment in loader.Environments)
        {
            BootGuardEnvironment says = environment.Value;
            page.Row(label, string.Create(
                CultureInfo.InvariantCulture,
                $"{environment.Entry?.ToString() ?? environment.Label}: {LoaderView.Name(says.UpdateState)}, revision {says.Revision}{(says.InProgress ? ", being written" : "")}"));
            label = "";
        }

        foreach (string problem in loader.Problems)
        {
            page.Row(label, problem);
            label = "";
        }

        page.RowIfAny("update", loader.Update switch
        {
            PendingUpdate.Installed => "installed; the next boot is the new image's, on trial",
            PendingUpdate.Writing => "being written, or given up; it is not booted",
            _ => null,
        });
    }

    private static void Write(TextPage page, VolumeReport volume, VolumeSpace space)
    {
        page.Heading($"volume {volume.Name} on {volume.MountPoint}");
        page.Row("device", $"{volume.Device}, {(volume.LuksUuid is null ? "not encrypted" : $"encrypted, unlocked by {volume.UnlockedBy}")}");
        page.Row("space", space.Room is { } room ? $"{Printable.Size(room.TotalBytes)}, {Printable.Size(room.FreeBytes)} free" : space.Problem ?? "not mounted");
        page.RowIfAny("first boot", volume.FirstBoot ? "this boot made it, or encrypted it" : null);
        page.RowIfAny("made anew", volume.Recreated);
        page.Row("data", volume.Snapshot is { } snapshot ? $"{Describe(snapshot)} ({snapshot.Provider})" : "the same for all images");
        page.RowIfAny("pending", volume.Snapshot is not { Pending: true, Provider: var provider } ? null
            : provider == "dm-snapshot" ? "a boot of the confirmed image makes them lasting; if it fails, they are dropped"
            : "a boot of the confirmed image removes what images left that are not installed any more");
    }

    private static void Write(TextPage page, FallbackReport fallback)
    {
        page.Heading("update that failed");
        page.Row("image", $"{(fallback.Image is { } image ? image.ToString() : "not known")} in {fallback.Slot}: the loader returned from it");
        page.RowIfAny("stage", fallback.Stage);
        page.Row("reason", fallback.Reason);
    }

    private static void Write(TextPage page, FailureRecord failure)
    {
        page.Heading("last failed boot");
        string slot = failure.Slot is null ? "" : $" in {failure.Slot}";
        page.Row("image", failure.ImageUuid is null ? "not known" : $"{failure.ImageUuid} {failure.ImageVersion}{slot}");
        page.Row("stage", failure.Stage);
        page.Row("reason", failure.Reason);
        page.RowIfAny("device", failure.Device);
        page.Row("in a row", failure.Consecutive == 0 ? "none: a boot has succeeded since" : $"{Printable.Count(failure.Consecutive, "boot")} before this one");
    }

    private static string Image(Guid? image) => image is { } known ? $"image {known}" : "another image";
}
