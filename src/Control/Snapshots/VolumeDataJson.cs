using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Formats.Json;

namespace InitRuntime.Control.Snapshots;

/// <summary>Whose data the volumes hold, for programs. docs/device.md tells the members.</summary>
internal static class VolumeDataJson
{
    private static readonly string[] _places = ["running", "other-slot", "orphan", "unknown"];

    internal static void Write(JsonOutput json, IReadOnlyList<VolumeData> volumes)
    {
        json.BeginArray("volumes");
        foreach (VolumeData volume in volumes)
        {
            json.BeginObject();
            json.Text("name", volume.Name);
            json.Text("mount_point", volume.MountPoint);
            switch (volume)
            {
                case SubvolumeVolume subvolumes:
                    json.Text("provider", "btrfs");
                    Write(json, subvolumes);
                    break;
                case SnapshotDeviceVolume device:
                    json.Text("provider", "dm-snapshot");
                    Write(json, device);
                    break;
                default:
                    json.Text("provider", "shared");
                    break;
            }

            json.EndObject();
        }

        json.EndArray();
    }

    private static void Write(JsonOutput json, SubvolumeVolume volume)
    {
        json.BeginArray("images");
        foreach (ImageSubvolume image in volume.Images)
        {
            json.BeginObject();
            json.Text("image", image.Image.ToString());
            json.Text("place", _places[(int)image.Place]);
            json.TextIfAny("slot", image.Slot);
            json.Text("created", image.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.Number("generation", Number(image.Generation));
            json.Flag("pending", image.Pending);
            if (image.Size is { } size)
            {
                json.Number("total_bytes", Number(size.Total));
                json.Number("exclusive_bytes", Number(size.Exclusive));
            }

            json.EndObject();
        }

        json.EndArray();
        Write(json, "shared", volume.Shared);
        Write(json, "unfinished", volume.Unfinished);
        json.TextIfAny("problem", volume.Problem);
    }

    private static void Write(JsonOutput json, SnapshotDeviceVolume volume)
    {
        json.Text("state", volume.State ?? "none");
        json.TextIfAny("owner", volume.Owner?.ToString());
        json.TextIfAny("trial", volume.Trial?.ToString());
        if (volume is { UsedBytes: { } used, TotalBytes: { } total })
        {
            json.Number("used_bytes", Number(used));
            json.Number("total_bytes", Number(total));
        }

        json.TextIfAny("problem", volume.Problem);
    }

    private static void Write(JsonOutput json, string name, IReadOnlyList<string> texts)
    {
        json.BeginArray(name);
        foreach (string text in texts)
        {
            json.Text(null, text);
        }

        json.EndArray();
    }

    private static long Number(ulong value) => (long)Math.Min(value, long.MaxValue);
}
