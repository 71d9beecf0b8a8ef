using System;
using InitRuntime.Control.Reset;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Json;
using InitRuntime.Storage.BootGuard;

namespace InitRuntime.Control.Status;

/// <summary>The status for programs. docs/device.md tells the members; their names are those of boot.json where it has the same.</summary>
internal static class StatusJson
{
    internal static void Write(JsonOutput json, DeviceStatus status)
    {
        BootReportDocument boot = status.Boot;
        json.BeginObject("image");
        json.Text("uuid", boot.ImageUuid.ToString());
        json.Text("name", boot.ImageName);
        json.Text("version", boot.ImageVersion);
        json.TextIfAny("slot", boot.Slot);
        json.TextIfAny("root_partition", boot.RootPartition);
        json.TextIfAny("system_disk", boot.SystemDisk);
        json.EndObject();

        json.BeginObject("trial");
        json.Text("at_boot", LoaderView.Name(LoaderView.Of(boot.OnTrial)));
        json.Text("now", LoaderView.Name(status.Loader.Now));
        json.EndObject();
        Write(json, status.Loader);

        json.BeginObject("boot_milliseconds");
        json.Number("kernel", Math.Round(boot.KernelMilliseconds, 1));
        json.Number("init", Math.Round(status.InitMilliseconds, 1));
        json.Number("total", Math.Round(boot.KernelMilliseconds + status.InitMilliseconds, 1));
        json.EndObject();
        json.BeginArray("failed_stages");
        foreach (StageReport stage in boot.Stages)
        {
            if (stage.Failed is { } reason)
            {
                json.BeginObject();
                json.Text("name", stage.Name);
                json.Text("failed", reason);
                json.EndObject();
            }
        }

        json.EndArray();
        json.TextIfAny("not_measured", boot.NotMeasured);
        json.BeginArray("volumes");
        for (int i = 0; i < boot.Volumes.Count; i++)
        {
            Write(json, boot.Volumes[i], status.Space[i]);
        }

        json.EndArray();
        json.Number("drift", boot.DriftCount);
        json.TextIfAny("reset", boot.Reset);
        PendingResets.Write(json, status.Resets);
        json.TextIfAny("last_reset", boot.LastReset);
        if (boot.Fallback is { } fallback)
        {
            BootReportJson.Write(json, fallback);
        }

        if (boot.LastFailure is { } failure)
        {
            BootReportJson.Write(json, failure, "last_failure");
        }
    }

    private static void Write(JsonOutput json, LoaderView loader)
    {
        json.BeginObject("loader");
        json.BeginArray("environments");
        foreach (LoaderEnvironment environment in loader.Environments)
        {
            BootGuardEnvironment says = environment.Value;
            json.BeginObject();
            json.Text("partition", environment.Label);
            json.Text("kernel", says.KernelFile);
            json.Number("revision", says.Revision);
            json.Text("state", LoaderView.Name(says.UpdateState));
            json.Flag("in_progress", says.InProgress);
            json.EndObject();
        }

        json.EndArray();
        json.Text("update", LoaderView.Name(loader.Update));
        json.BeginArray("problems");
        foreach (string problem in loader.Problems)
        {
            json.Text(null, problem);
        }

        json.EndArray();
        json.EndObject();
    }

    private static void Write(JsonOutput json, VolumeReport volume, VolumeSpace space)
    {
        json.BeginObject();
        json.Text("name", volume.Name);
        json.Text("mount_point", volume.MountPoint);
        json.Text("device", volume.Device);
        json.Flag("encrypted", volume.LuksUuid is not null);
        json.TextIfAny("unlocked_by", volume.UnlockedBy);
        json.Flag("first_boot", volume.FirstBoot);
        json.TextIfAny("recreated", volume.Recreated);
        json.Flag("mounted", space.IsMounted);
        json.TextIfAny("problem", space.Problem);
        if (space.Room is { } room)
        {
            json.Number("total_bytes", Number(room.TotalBytes));
            json.Number("free_bytes", Number(room.FreeBytes));
        }

        if (volume.Snapshot is { } snapshot)
        {
            BootReportJson.Write(json, snapshot);
        }

        json.EndObject();
    }

    private static long Number(ulong bytes) => (long)Math.Min(bytes, long.MaxValue);
}
