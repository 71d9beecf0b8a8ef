using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.BootReport;

/// <summary>The other half of <see cref="BootReportJson"/>'s writer: a whole report, member by member. /init has only the writer.</summary>
internal static class BootReportReader
{
    private const int MostStages = 256;
    private const int MostMeasurements = 1024;
    private const int MostDrift = 1 << 18;
    private const int LongestText = 1 << 16;
    private const int HighestPcr = TpmSettings.PcrCount - 1;

    /// <summary>A month, in milliseconds: no stage takes longer.</summary>
    private const double LongestTime = 31.0 * 24 * 60 * 60 * 1000;

    private delegate T Item<T>(ref JsonInput json);

    /// <exception cref="System.Text.Json.JsonException">It is no report.</exception>
    internal static BootReportDocument Read(ReadOnlySpan<byte> document)
    {
        var json = new JsonInput(document);
        long? version = null;
        long omitted = 0;
        Guid? uuid = null;
        string? name = null, imageVersion = null, slot = null, partition = null, disk = null, notMeasured = null, reset = null;
        string? lastReset = null;
        bool? onTrial = null;
        double? kernel = null;
        List<StageReport>? stages = null;
        List<VolumeReport>? volumes = null;
        List<MeasurementReport>? measurements = null;
        List<DriftEntry>? drift = null;
        FailureRecord? failure = null;
        FallbackReport? fallback = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "format_version": version = json.Number(BootReportDocument.KnownFormatVersion, BootReportDocument.KnownFormatVersion); break;
                case "image_uuid": uuid = json.Uuid(); break;
                case "image_name": name = json.Text(LongestText); break;
                case "image_version": imageVersion = json.Text(LongestText); break;
                case "slot": slot = json.Text(LongestText); break;
                case "root_partition": partition = json.Text(LongestText); break;
                case "system_disk": disk = json.Text(LongestText); break;
                case "on_trial": onTrial = json.Flag(); break;
                case "kernel_milliseconds": kernel = Milliseconds(json); break;
                case "stages": stages = List(ref json, MostStages, Stage); break;
                case "volumes": volumes = List(ref json, VolumeSettingsJson.MostVolumes, Volume); break;
                case "measurements": measurements = List(ref json, MostMeasurements, Measurement); break;
                case "not_measured": notMeasured = json.Text(LongestText); break;
                case "drift": drift = List(ref json, MostDrift, Drift); break;
                case "drift_omitted": omitted = json.Number(0, int.MaxValue); break;
                case "reset": reset = json.Text(LongestText); break;
                case "last_reset": lastReset = json.Text(LongestText); break;
                case "last_failure": failure = BootReportJson.ReadRecord(ref json); break;
                case "fallback": fallback = Fallback(ref json); break;
                default: throw json.Unknown();
            }
        }

        var report = new BootReportDocument
        {
            FormatVersion = (int)json.Required(version, "format_version"),
            ImageUuid = json.Required(uuid, "image_uuid"),
            ImageName = json.Required(name, "image_name"),
            ImageVersion = json.Required(imageVersion, "image_version"),
            Slot = slot,
            RootPartition = partition,
            SystemDisk = disk,
            OnTrial = onTrial,
            KernelMilliseconds = json.Required(kernel, "kernel_milliseconds"),
            Stages = json.Required(stages, "stages"),
            Volumes = json.Required(volumes, "volumes"),
            Measurements = json.Required(measurements, "measurements"),
            NotMeasured = notMeasured,
            Drift = json.Required(drift, "drift"),
            DriftOmitted = (int)omitted,
            Reset = reset,
            LastReset = lastReset,
            LastFailure = failure,
            Fallback = fallback,
        };
        json.End();
        return report;
    }

    private static FallbackReport Fallback(ref JsonInput json)
    {
        Guid? image = null;
        string? slot = null, stage = null, reason = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "image": image = json.Uuid(); break;
                case "slot": slot = json.Text(LongestText); break;
                case "stage": stage = json.Text(LongestText); break;
                case "reason": reason = json.Text(LongestText); break;
                default: throw json.Unknown();
            }
        }

        return new(image, json.Required(slot, "slot"), stage, json.Required(reason, "reason"));
    }

    private static double Milliseconds(JsonInput json) => json.Fraction(0, LongestTime);

    private static List<T> List<T>(ref JsonInput json, int most, Item<T> read)
    {
        var items = new List<T>();
        json.BeginArray();
        while (json.NextItem())
        {
            items.Add(items.Count < most ? read(ref json) : throw json.Error($"more than {most}"));
        }

        return items;
    }

    private static StageReport Stage(ref JsonInput json)
    {
        string? name = null, failed = null;
        double? time = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "name": name = json.Text(LongestText); break;
                case "milliseconds": time = Milliseconds(json); break;
                case "failed": failed = json.Text(LongestText); break;
                default: throw json.Unknown();
            }
        }

        return new(json.Required(name, "name"), json.Required(time, "milliseconds"), failed);
    }

    private static VolumeReport Volume(ref JsonInput json)
    {
        string? name = null, mountPoint = null, device = null, unlockedBy = null, recreated = null;
        bool? encrypted = null, firstBoot = null;
        Guid? luks = null;
        SnapshotReport? snapshot = null;
        double? time = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "name": name = json.Text(LongestText); break;
                case "mount_point": mountPoint = json.Text(LongestText); break;
                case "device": device = json.Text(LongestText); break;
                case "encrypted": encrypted = json.Flag(); break;
                case "luks_uuid": luks = json.Uuid(); break;
                case "unlocked_by": unlockedBy = json.Text(LongestText); break;
                case "first_boot": firstBoot = json.Flag(); break;
                case "recreated": recreated = json.Text(LongestText); break;
                case "snapshot": snapshot = Snapshot(ref json); break;
                case "milliseconds": time = Milliseconds(json); break;
                default: throw json.Unknown();
            }
        }

        if (json.Required(encrypted, "encrypted") != luks is not null)
        {
            throw json.Error("encrypted and luks_uuid do not fit each other");
        }

        return new VolumeReport
        {
            Name = json.Required(name, "name"),
            MountPoint = json.Required(mountPoint, "mount_point"),
            Device = json.Required(device, "device"),
            LuksUuid = luks,
            UnlockedBy = unlockedBy,
            FirstBoot = json.Required(firstBoot, "first_boot"),
            Recreated = recreated,
            Snapshot = snapshot,
            Milliseconds = json.Required(time, "milliseconds"),
        };
    }

    private static SnapshotReport Snapshot(ref JsonInput json)
    {
        string? provider = null, action = null;
        Guid? from = null;
        bool? pending = null;
        double? time = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "provider": provider = json.Text(LongestText); break;
                case "action": action = json.Text(LongestText); break;
                case "from": from = json.Uuid(); break;
                case "pending": pending = json.Flag(); break;
                case "milliseconds": time = Milliseconds(json); break;
                default: throw json.Unknown();
            }
        }

        return new SnapshotReport
        {
            Provider = json.Required(provider, "provider"),
            Action = json.Required(action, "action"),
            From = from,
            Pending = json.Required(pending, "pending"),
            Milliseconds = json.Required(time, "milliseconds"),
        };
    }

    private static MeasurementReport Measurement(ref JsonInput json)
    {
        long? pcr = null;
        string? text = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "pcr": pcr = json.Number(0, HighestPcr); break;
                case "text": text = json.Text(LongestText); break;
                default: throw json.Unknown();
            }
        }

        return new((int)json.Required(pcr, "pcr"), json.Required(text, "text"));
    }

    private static DriftEntry Drift(ref JsonInput json)
    {
        string? path = null, change = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "path": path = json.Text(LongestText); break;
                case "change": change = json.Text(LongestText); break;
                default: throw json.Unknown();
            }
        }

        return new(json.Required(path, "path"), json.Required(change, "change"));
    }
}
