using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.BootReport;

/// <summary>Reads and writes reports as JSON.</summary>
public static class BootReportJson
{
    /// <summary>Where the running system finds the report.</summary>
    public const string Path = "/run/initruntime/boot.json";

    /// <summary>An empty file that is there while the image is on trial: for conditions of units.</summary>
    public const string OnTrialPath = "/run/initruntime/on-trial";

    /// <summary>The largest failure record, in bytes: EFI variable stores are small.</summary>
    public const int MaximumRecordLength = 1024;

    /// <summary>The longest report, in bytes: drift can have many paths.</summary>
    public const int MaximumReportLength = 16 << 20;

    private const int MaximumConsecutive = 1_000_000;

    /// <summary>The bytes of a report.</summary>
    public static byte[] Write(BootReportDocument report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Write(json =>
        {
            json.BeginObject();
            json.Number("format_version", report.FormatVersion);
            json.Text("image_uuid", report.ImageUuid.ToString());
            json.Text("image_name", report.ImageName);
            json.Text("image_version", report.ImageVersion);
            json.TextIfAny("slot", report.Slot);
            json.TextIfAny("root_partition", report.RootPartition);
            json.TextIfAny("system_disk", report.SystemDisk);
            if (report.OnTrial is { } onTrial)
            {
                json.Flag("on_trial", onTrial);
            }

            json.Number("kernel_milliseconds", report.KernelMilliseconds);
            json.BeginArray("stages");
            foreach (StageReport stage in report.Stages)
            {
                json.BeginObject();
                json.Text("name", stage.Name);
                json.Number("milliseconds", stage.Milliseconds);
                json.TextIfAny("failed", stage.Failed);
                json.EndObject();
            }

            json.EndArray();
            WriteVolumes(json, report.Volumes);
            json.BeginArray("measurements");
            foreach (MeasurementReport measurement in report.Measurements)
            {
                json.BeginObject();
                json.Number("pcr", measurement.Pcr);
                json.Text("text", measurement.Text);
                json.EndObject();
            }

            json.EndArray();
            json.TextIfAny("not_measured", report.NotMeasured);
            json.BeginArray("drift");
            foreach (DriftEntry entry in report.Drift)
            {
                Write(json, entry);
            }

            json.EndArray();
            if (report.DriftOmitted > 0)
            {
                json.Number("drift_omitted", report.DriftOmitted);
            }

            json.TextIfAny("reset", report.Reset);
            json.TextIfAny("last_reset", report.LastReset);
            if (report.LastFailure is { } failure)
            {
                Write(json, failure, "last_failure");
            }

            if (report.Fallback is { } fallback)
            {
                Write(json, fallback);
            }

            json.EndObject();
        });
    }

    /// <summary>The bytes of a failure record, its reason shortened if need be.</summary>
    public static byte[] Write(FailureRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        byte[] bytes = Write(json => Write(json, record));
        // Escapes make some characters six times longer, so the length in bytes decides.
        for (int length = Math.Min(record.Reason.Length, MaximumRecordLength); bytes.Length > MaximumRecordLength && length > 0; length /= 2)
        {
            string reason = record.Reason[..length] + "..";
            bytes = Write(json => Write(json, record with { Reason = reason }));
        }

        return bytes;
    }

    /// <summary>
    /// Reads a report. It comes from the /init of the same build as its reader, so what is not known is an error; some of what it says
    /// is from disks and EFI variables, and is to be escaped before it meets a terminal.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out BootReportDocument value, out ParseError error)
    {
        value = null!;
        error = json.Length > MaximumReportLength ? new($"longer than {MaximumReportLength} bytes") : default;
        if (error.IsError)
        {
            return false;
        }

        try
        {
            value = BootReportReader.Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = new($"not valid: {e.Message}");
        }

        return !error.IsError;
    }

    /// <summary>Reads a failure record. Anybody could have written the variable, so only its form is believed.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out FailureRecord value, out ParseError error)
    {
        value = null!;
        error = json.Length > MaximumRecordLength ? new($"longer than {MaximumRecordLength} bytes") : default;
        if (error.IsError)
        {
            return false;
        }

        try
        {
            value = ReadRecord(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = new($"not valid: {e.Message}");
        }

        return !error.IsError;
    }

    private static byte[] Write(Action<JsonOutput> write)
    {
        var json = new JsonOutput();
        write(json);
        return json.ToBytes();
    }

    private static void WriteVolumes(JsonOutput json, IReadOnlyList<VolumeReport> volumes)
    {
        json.BeginArray("volumes");
        foreach (VolumeReport volume in volumes)
        {
            json.BeginObject();
            json.Text("name", volume.Name);
            json.Text("mount_point", volume.MountPoint);
            json.Text("device", volume.Device);
            json.Flag("encrypted", volume.LuksUuid is not null);
            if (volume.LuksUuid is { } uuid)
            {
                json.Text("luks_uuid", uuid.ToString());
            }

            json.TextIfAny("unlocked_by", volume.UnlockedBy);
            json.Flag("first_boot", volume.FirstBoot);
            json.TextIfAny("recreated", volume.Recreated);
            if (volume.Snapshot is { } snapshot)
            {
                Write(json, snapshot);
            }

            json.Number("milliseconds", volume.Milliseconds);
            json.EndObject();
        }

        json.EndArray();
    }

    /// <summary>A member <c>snapshot</c>.</summary>
    public static void Write(JsonOutput json, SnapshotReport snapshot)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(snapshot);
        json.BeginObject("snapshot");
        json.Text("provider", snapshot.Provider);
        json.Text("action", snapshot.Action);
        if (snapshot.From is { } from)
        {
            json.Text("from", from.ToString());
        }

        json.Flag("pending", snapshot.Pending);
        json.Number("milliseconds", snapshot.Milliseconds);
        json.EndObject();
    }

    /// <summary>A member <c>fallback</c>.</summary>
    public static void Write(JsonOutput json, FallbackReport fallback)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(fallback);
        json.BeginObject("fallback");
        json.TextIfAny("image", fallback.Image?.ToString());
        json.Text("slot", fallback.Slot);
        json.TextIfAny("stage", fallback.Stage);
        json.Text("reason", fallback.Reason);
        json.EndObject();
    }

    /// <summary>An item of the list of drift.</summary>
    public static void Write(JsonOutput json, DriftEntry entry)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(entry);
        json.BeginObject();
        json.Text("path", entry.Path);
        json.Text("change", entry.Change);
        json.EndObject();
    }

    /// <summary>A failure record as a member, or alone where there is no name.</summary>
    public static void Write(JsonOutput json, FailureRecord record, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(record);
        json.BeginObject(name);
        if (record.ImageUuid is { } uuid)
        {
            json.Text("image_uuid", uuid.ToString());
        }

        json.TextIfAny("image_version", record.ImageVersion);
        json.TextIfAny("slot", record.Slot);
        json.Text("stage", record.Stage);
        json.Text("reason", record.Reason);
        json.TextIfAny("device", record.Device);
        json.Number("consecutive", record.Consecutive);
        json.EndObject();
    }

    private static FailureRecord ReadRecord(ReadOnlySpan<byte> document)
    {
        var json = new JsonInput(document);
        FailureRecord record = ReadRecord(ref json);
        json.End();
        return record;
    }

    internal static FailureRecord ReadRecord(ref JsonInput json)
    {
        Guid? uuid = null;
        string? version = null, slot = null, stage = null, reason = null, device = null;
        long? consecutive = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "image_uuid": uuid = json.Uuid(); break;
                case "image_version": version = json.Text(); break;
                case "slot": slot = json.Text(); break;
                case "stage": stage = json.Text(); break;
                case "reason": reason = json.Text(); break;
                case "device": device = json.Text(); break;
                case "consecutive": consecutive = json.Number(0, MaximumConsecutive); break;
                default: throw json.Unknown();
            }
        }

        return new FailureRecord
        {
            ImageUuid = uuid,
            ImageVersion = version,
            Slot = slot,
            Stage = json.Required(stage, "stage"),
            Reason = json.Required(reason, "reason"),
            Device = device,
            Consecutive = (int)json.Required(consecutive, "consecutive"),
        };
    }
}
