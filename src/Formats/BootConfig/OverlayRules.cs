using System;

namespace InitRuntime.Formats.BootConfig;

/// <summary>The rules for overlays, and what each kind of volume can hold of them.</summary>
public static class OverlayRules
{
    /// <summary>Whether a volume can hold a layer: image-paired data need a provider that pairs, shared ones a place that is shared.</summary>
    public static bool CanHold(SnapshotProvider volume, OverlayUpper upper) => upper switch
    {
        OverlayUpper.Image => volume is SnapshotProvider.Btrfs or SnapshotProvider.DmSnapshot,
        OverlayUpper.Shared => volume is SnapshotProvider.Btrfs or SnapshotProvider.Shared,
        _ => false,
    };

    /// <summary>The volume that holds the layer of an overlay.</summary>
    /// <exception cref="ArgumentException">The overlay names no volume of these settings: they were not checked.</exception>
    public static VolumeSettings VolumeOf(BootConfiguration settings, OverlaySettings overlay)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(overlay);
        return Find(settings, overlay.Volume) ?? throw new ArgumentException($"no volume {overlay.Volume}", nameof(overlay));
    }

    internal static ParseError Check(BootConfiguration value)
    {
        for (int i = 0; i < value.Overlays.Count; i++)
        {
            OverlaySettings overlay = value.Overlays[i];
            string? wrong = !BootConfigRules.IsPlainAbsolutePath(overlay.Path) ? "path: not a plain absolute path"
                : overlay.Upper == OverlayUpper.Memory ? overlay.Volume is null ? null : "volume: not with upper tmpfs"
                : Find(value, overlay.Volume) is not { } volume ? "volume: no such volume"
                : CanHold(volume.Snapshots, overlay.Upper) ? null
                : $"upper: a volume with snapshots {VolumeSettingsJson.Name(volume.Snapshots)} cannot hold it";
            if (wrong is not null)
            {
                return new($"overlays[{i}].{wrong}");
            }
        }

        return default;
    }

    private static VolumeSettings? Find(BootConfiguration value, string? name)
    {
        foreach (VolumeSettings volume in value.Volumes)
        {
            if (volume.Name == name)
            {
                return volume;
            }
        }

        return null;
    }
}
