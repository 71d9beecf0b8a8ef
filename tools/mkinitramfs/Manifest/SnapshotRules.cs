using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What the keys about image-paired data ask of each other: those of volumes, and those of overlays that lie on one.</summary>
internal static class SnapshotRules
{
    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        for (int i = 0; i < (values.CountOf(VolumeName.Section) ?? 0); i++)
        {
            if (values.IsUsable(VolumeSnapshots, i) && values.IsUsable(VolumeFileSystem, i))
            {
                CheckProvider(i, values, errors);
            }

            CheckPaths(i, values, errors);
        }

        for (int i = 0; i < (values.CountOf(OverlayPath.Section) ?? 0); i++)
        {
            CheckOverlay(i, values, errors);
        }
    }

    private static void CheckProvider(int i, ManifestValues values, ManifestErrors errors)
    {
        SnapshotProvider provider = values.Get(VolumeSnapshots, i);
        string word = VolumeSettingsJson.Name(provider);
        string fileSystem = values.Get(VolumeFileSystem, i);
        if (!VolumeRules.CanSnapshot(provider, fileSystem))
        {
            errors.Add(values.ValuePlaceOf(VolumeSnapshots, i), VolumeSnapshots.FullName, $"\"{word}\" does not work on {fileSystem}",
                fileSystem == "btrfs" ? "use \"btrfs\" or \"shared\"" : "use \"dm-snapshot\" or \"shared\"");
            return;
        }

        RefuseWithout(VolumeSnapshotSize, SnapshotProvider.DmSnapshot);
        RefuseWithout(VolumeSharedOn, SnapshotProvider.DmSnapshot);
        RefuseWithout(VolumeMinimumFree, SnapshotProvider.Btrfs);
        if (provider == SnapshotProvider.Shared && values.PlaceOf(VolumeSharedPaths, i) is { } place && values.IsGood(VolumeSharedPaths, i) && values.Get(VolumeSharedPaths, i).Count > 0)
        {
            errors.Add(place, VolumeSharedPaths.FullName, "all of the volume is shared, by snapshots = \"shared\"", "remove shared-paths, or pair the volume with its image");
        }

        if (provider == SnapshotProvider.DmSnapshot)
        {
            CheckDevice(i, values, errors);
        }

        void RefuseWithout(ManifestKey key, SnapshotProvider needed)
        {
            if (provider != needed && values.PlaceOf(key, i) is { } at)
            {
                errors.Add(at, key.FullName, $"only with snapshots = \"{VolumeSettingsJson.Name(needed)}\"; it is \"{word}\"", $"remove {key.Name}");
            }
        }
    }

    private static void CheckDevice(int i, ManifestValues values, ManifestErrors errors)
    {
        if (values.IsGood(VolumeSize, i) && values.IsUsable(VolumeSnapshotSize, i) && values.IsUsable(VolumeEncrypt, i))
        {
            bool encrypted = values.Get(VolumeEncrypt, i) != VolumeEncryption.None;
            long smallest = VolumeSectionRules.SmallestSize(values.Get(VolumeFileSystem, i), encrypted) + values.Get(VolumeSnapshotSize, i) + (2 << 20);
            if (values.Get(VolumeSize, i) < smallest)
            {
                errors.Add(values.ValuePlaceOf(VolumeSize, i), VolumeSize.FullName,
                    $"\"{Forms.ShowSize(values.Get(VolumeSize, i))}\" is too small with a snapshot-size of {Forms.ShowSize(values.Get(VolumeSnapshotSize, i))}",
                    $"use at least \"{Forms.ShowSize(smallest)}\"");
            }
        }

        bool hasPaths = values.IsGood(VolumeSharedPaths, i) && values.Get(VolumeSharedPaths, i).Count > 0;
        if (hasPaths && values.PlaceOf(VolumeSharedOn, i) is null)
        {
            errors.Add(values.PlaceOf(VolumeSharedPaths, i)!.Value, VolumeSharedPaths.FullName, "with snapshots = \"dm-snapshot\" another volume has to hold them",
                "set shared-on to a volume with snapshots = \"shared\"");
        }
        else if (values.PlaceOf(VolumeSharedOn, i) is { } place && values.IsGood(VolumeSharedOn, i))
        {
            string holder = values.Get(VolumeSharedOn, i)!;
            if (!hasPaths && values.IsUsable(VolumeSharedPaths, i))
            {
                errors.Add(place, VolumeSharedOn.FullName, "there are no shared-paths for it", "set shared-paths, or remove shared-on");
            }
            else if (FindVolume(holder, values) is not { } at || at >= i
                || (values.IsUsable(VolumeSnapshots, at) && values.Get(VolumeSnapshots, at) != SnapshotProvider.Shared))
            {
                errors.Add(values.ValuePlaceOf(VolumeSharedOn, i), VolumeSharedOn.FullName, $"\"{holder}\" is no volume before this one with snapshots = \"shared\"",
                    "name such a volume, and put it first");
            }
        }
    }

    private static void CheckPaths(int i, ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsGood(VolumeMount, i))
        {
            return;
        }

        string mount = values.Get(VolumeMount, i);
        List<string> shared = [];
        foreach (ManifestKey<IReadOnlyList<string>> key in (ManifestKey<IReadOnlyList<string>>[])[VolumeSharedPaths, VolumeImagePaths])
        {
            if (!values.IsGood(key, i))
            {
                continue;
            }

            foreach (string path in values.Get(key, i))
            {
                Place place = values.ValuePlaceOf(key, i);
                if (!VolumeRules.IsBelow(path, mount))
                {
                    errors.Add(place, key.FullName, $"{ManifestErrors.Quote(path)} does not lie below {ManifestErrors.Quote(mount)}", "name directories of this volume");
                }
                else if (path.Contains(','))
                {
                    errors.Add(place, key.FullName, $"{ManifestErrors.Quote(path)} has a comma, which mount options cannot have", "choose another name");
                }
                else if (shared.Concat(values.Get(key, i)).FirstOrDefault(other => VolumeRules.IsBelow(path, other)) is { } outer)
                {
                    errors.Add(place, key.FullName, $"{ManifestErrors.Quote(path)} lies within {ManifestErrors.Quote(outer)}", "name only one of the two");
                }
                else if (key == VolumeImagePaths && shared.Contains(path))
                {
                    errors.Add(place, key.FullName, $"{ManifestErrors.Quote(path)} is in shared-paths too", "it belongs to the image or is shared by all: remove it from one of the two");
                }
            }

            shared.AddRange(values.Get(key, i));
        }
    }

    private static void CheckOverlay(int i, ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsUsable(OverlayKept, i))
        {
            return;
        }

        OverlayUpper upper = values.Get(OverlayKept, i);
        if (upper == OverlayUpper.Memory)
        {
            if (values.PlaceOf(OverlayVolume, i) is { } unused)
            {
                errors.Add(unused, OverlayVolume.FullName, "nothing is kept there, by upper = \"tmpfs\"", "set upper to \"image\" or \"shared\", or remove volume");
            }
        }
        else if (values.PlaceOf(OverlayVolume, i) is null)
        {
            errors.Add(values.ValuePlaceOf(OverlayKept, i), OverlayKept.FullName, "no volume keeps the changes", "set volume to the name of a [[volume]]");
        }
        else if (values.IsGood(OverlayVolume, i))
        {
            string name = values.Get(OverlayVolume, i)!;
            Place place = values.ValuePlaceOf(OverlayVolume, i);
            if (FindVolume(name, values) is not { } at)
            {
                errors.Add(place, OverlayVolume.FullName, $"no volume is called {ManifestErrors.Quote(name)}", "name one of [[volume]]");
            }
            else if (values.IsUsable(VolumeSnapshots, at) && !OverlayRules.CanHold(values.Get(VolumeSnapshots, at), upper))
            {
                string provider = VolumeSettingsJson.Name(values.Get(VolumeSnapshots, at));
                errors.Add(place, OverlayVolume.FullName, $"a volume with snapshots = \"{provider}\" cannot keep upper = \"{VolumeSettingsJson.Name(upper)}\"",
                    upper == OverlayUpper.Image ? "\"image\" wants a volume of \"btrfs\" or \"dm-snapshot\"" : "\"shared\" wants a volume of \"btrfs\" or \"shared\"");
            }
        }
    }

    private static int? FindVolume(string name, ManifestValues values)
    {
        for (int i = 0; i < (values.CountOf(VolumeName.Section) ?? 0); i++)
        {
            if (values.IsGood(VolumeName, i) && values.Get(VolumeName, i) == name)
            {
                return i;
            }
        }

        return null;
    }
}
