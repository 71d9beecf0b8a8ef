using System;
using System.Collections.Generic;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Where volumes and overlays may lie. Volumes are mounted first, then overlays, each in the manifest's order.</summary>
internal static class MountRules
{
    /// <summary>File systems of the kernel, which /init moves into the root: nothing can lie over them.</summary>
    private static readonly string[] _kernelDirectories = ["/dev", "/proc", "/run", "/sys"];

    /// <summary>What the verified root itself is made of, in old layouts too; a volume there would put unverified programs in its place.</summary>
    private static readonly string[] _imageDirectories = ["/bin", "/boot", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr"];

    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        CheckVolumes(values, errors);
        CheckOverlays(values, errors);
        CheckDefaultOverlays(values, errors);
    }

    /// <summary>The good mounts of volumes, in the manifest's order.</summary>
    internal static IEnumerable<(int Index, string Path, Place Place)> VolumeMounts(ManifestValues values) =>
        Enumerable.Range(0, values.CountOf(VolumeMount.Section) ?? 0)
            .Where(i => values.IsGood(VolumeMount, i))
            .Select(i => (i, values.Get(VolumeMount, i), values.ValuePlaceOf(VolumeMount, i)));

    /// <summary>Whether a path is a directory or lies below it.</summary>
    internal static bool IsIn(string path, string directory) =>
        path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static void CheckVolumes(ManifestValues values, ManifestErrors errors)
    {
        var before = new List<(string Path, int Line)>();
        foreach ((_, string path, Place place) in VolumeMounts(values))
        {
            string quoted = ManifestErrors.Quote(path);
            if (_kernelDirectories.Any(directory => IsIn(path, directory)))
            {
                errors.Add(place, VolumeMount.FullName, $"{quoted} belongs to the kernel's own file systems", "choose another directory, such as \"/var\" or \"/data\"");
            }
            else if (IsIn(path, "/etc"))
            {
                errors.Add(place, VolumeMount.FullName, $"{quoted} belongs to the verified root", "an [[overlay]] of /etc makes it writable");
            }
            else if (_imageDirectories.Any(directory => IsIn(path, directory)))
            {
                errors.Add(place, VolumeMount.FullName, $"{quoted} belongs to the verified root", "choose another directory, such as \"/var\" or \"/data\"");
            }
            else if (before.Find(other => other.Path == path) is { Path: not null } same)
            {
                errors.Add(place, VolumeMount.FullName, $"{quoted} has a volume already, in line {same.Line}", "remove one of the two");
            }
            else if (before.Find(other => IsIn(other.Path, path)) is { Path: not null } inner)
            {
                errors.Add(place, VolumeMount.FullName, $"{quoted} would hide the volume of {ManifestErrors.Quote(inner.Path)}, in line {inner.Line}", "put the outer directory first");
            }

            before.Add((path, place.Line));
        }
    }

    private static void CheckOverlays(ManifestValues values, ManifestErrors errors)
    {
        var before = new List<(string Path, int Line)>();
        for (int i = 0; i < (values.CountOf(OverlayPath.Section) ?? 0); i++)
        {
            if (!values.IsGood(OverlayPath, i))
            {
                continue;
            }

            string path = values.Get(OverlayPath, i);
            string quoted = ManifestErrors.Quote(path);
            Place place = values.ValuePlaceOf(OverlayPath, i);
            if (_kernelDirectories.Any(directory => IsIn(path, directory)))
            {
                errors.Add(place, OverlayPath.FullName, $"{quoted} belongs to the kernel's own file systems", "it can be written without an overlay");
            }
            else if (VolumeMounts(values).FirstOrDefault(volume => volume.Path == path) is { Path: not null } there)
            {
                errors.Add(place, OverlayPath.FullName, $"{quoted} has a volume, in line {there.Place.Line}", "it can be written without an overlay: remove one of the two");
            }
            else if (VolumeMounts(values).FirstOrDefault(volume => IsIn(volume.Path, path)) is { Path: not null } hidden)
            {
                errors.Add(place, OverlayPath.FullName,
                    $"{quoted} would hide the volume of {ManifestErrors.Quote(hidden.Path)}, in line {hidden.Place.Line}: overlays are mounted after volumes",
                    $"mount the volume at {quoted} and leave the overlay out, or make overlays of single directories in {quoted}");
            }
            else if (before.Find(other => other.Path == path) is { Path: not null } same)
            {
                errors.Add(place, OverlayPath.FullName, $"{quoted} has an overlay already, in line {same.Line}", "remove one of the two");
            }
            else if (before.Find(other => IsIn(other.Path, path)) is { Path: not null } inner)
            {
                errors.Add(place, OverlayPath.FullName, $"{quoted} would hide the overlay of {ManifestErrors.Quote(inner.Path)}, in line {inner.Line}", "put the outer directory first");
            }

            before.Add((path, place.Line));
        }
    }

    private static void CheckDefaultOverlays(ManifestValues values, ManifestErrors errors)
    {
        if (values.CountOf(OverlayPath.Section) is not null)
        {
            return;
        }

        foreach (string overlay in DefaultOverlays(values).Select(overlay => overlay.Path).Where(path => path != "/etc"))
        {
            foreach ((_, string path, Place place) in VolumeMounts(values).Where(volume => IsIn(volume.Path, overlay)))
            {
                errors.Add(place, VolumeMount.FullName,
                    $"{ManifestErrors.Quote(path)} would be hidden: {overlay} is in memory by default, and overlays are mounted after volumes",
                    $"mount the volume at \"{overlay}\", or name the directories that can be written, by [[overlay]]");
            }
        }
    }
}
