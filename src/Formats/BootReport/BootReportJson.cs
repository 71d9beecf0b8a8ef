using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.BootReport;

/// <summary>Reads and writes reports as JSON.</summary>
public static class BootReportJson
{
    /// <summary>Where the running system finds the report.</summary>
    public const string Path = "/run/initruntime/boot.json";

    /// <summary>The largest failure record, in bytes: EFI variable stores are small.</summary>
    public const int MaximumRecordLength = 1024;

    private const int MaximumConsecutive = 1_000_000;

    /// <summary>The bytes of a report.</summary>
    public static byte[] Write(BootReportDocument report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Write(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("format_version", report.FormatVersion);
            json.WriteString("image_uuid", report.ImageUuid);
            json.WriteString("image_name", report.ImageName);
            json.WriteString("image_version", report.ImageVersion);
            WriteIfAny(json, "slot", report.Slot);
            WriteIfAny(json, "root_partition", report.RootPartition);
            WriteIfAny(json, "system_disk", report.SystemDisk);
            if (report.OnTrial is { } onTrial)
            {
                json.WriteBoolean("on_trial", onTrial);
            }

            json.WriteNumber("kernel_milliseconds", report.KernelMilliseconds);
            json.WriteStartArray("stages");
            foreach (StageReport stage in report.Stages)
            {
                json.WriteStartObject();
                json.WriteString("name", stage.Name);
                json.WriteNumber("milliseconds", stage.Milliseconds);
                WriteIfAny(json, "failed", stage.Failed);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteVolumes(json, report.Volumes);
            json.WriteStartArray("measurements");
            foreach (MeasurementReport measurement in report.Measurements)
            {
                json.WriteStartObject();
                json.WriteNumber("pcr", measurement.Pcr);
                json.WriteString("text", measurement.Text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteIfAny(json, "not_measured", report.NotMeasured);
            if (report.LastFailure is { } failure)
            {
                json.WritePropertyName("last_failure");
                WriteRecord(json, failure);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>The bytes of a failure record, its reason shortened if need be.</summary>
    public static byte[] Write(FailureRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        byte[] bytes = Write(json => WriteRecord(json, record));
        // Escapes make some characters six times longer, so the length in bytes decides.
        for (int length = Math.Min(record.Reason.Length, MaximumRecordLength); bytes.Length > MaximumRecordLength && length > 0; length /= 2)
        {
            string reason = record.Reason[..length] + "..";
            bytes = Write(json => WriteRecord(json, record with { Reason = reason }));
        }

        return bytes;
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

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return buffer.ToArray();
    }

    private static void WriteVolumes(Utf8JsonWriter json, IReadOnlyList<VolumeReport> volumes)
    {
        json.WriteStartArray("volumes");
        foreach (VolumeReport volume in volumes)
        {
            json.WriteStartObject();
            json.WriteString("name", volume.Name);
            json.WriteString("mount_point", volume.MountPoint);
            json.WriteString("device", volume.Device);
            json.WriteBoolean("encrypted", volume.LuksUuid is not null);
            if (volume.LuksUuid is { } uuid)
            {
                json.WriteString("luks_uuid", uuid);
            }

            WriteIfAny(json, "unlocked_by", volume.UnlockedBy);
            json.WriteBoolean("first_boot", volume.FirstBoot);
            json.WriteNumber("milliseconds", volume.Milliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRecord(Utf8JsonWriter json, FailureRecord record)
    {
        json.WriteStartObject();
        if (record.ImageUuid is { } uuid)
        {
            json.WriteString("image_uuid", uuid);
        }

        WriteIfAny(json, "image_version", record.ImageVersion);
        WriteIfAny(json, "slot", record.Slot);
        json.WriteString("stage", record.Stage);
        json.WriteString("reason", record.Reason);
        WriteIfAny(json, "device", record.Device);
        json.WriteNumber("consecutive", record.Consecutive);
        json.WriteEndObject();
    }

    private static void WriteIfAny(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static FailureRecord ReadRecord(ReadOnlySpan<byte> document)
    {
        var json = new JsonInput(document);
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

        var record = new FailureRecord
        {
            ImageUuid = uuid,
            ImageVersion = version,
            Slot = slot,
            Stage = json.Required(stage, "stage"),
            Reason = json.Required(reason, "reason"),
            Device = device,
            Consecutive = (int)json.Required(consecutive, "consecutive"),
        };
        json.End();
        return record;
    }
}
