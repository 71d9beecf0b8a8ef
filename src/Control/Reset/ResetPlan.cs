using System;
using System.Collections.Generic;
using InitRuntime.Control.Output;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;

namespace InitRuntime.Control.Reset;

/// <summary>What a command line asks for, checked against what this device has.</summary>
/// <param name="Request">The request.</param>
/// <param name="Bytes">The EFI variable's.</param>
/// <param name="VolumeNames">The volumes of this image.</param>
internal sealed record ResetPlan(ResetRequest Request, byte[] Bytes, IReadOnlyList<string> VolumeNames)
{
    private const string OverlayType = "overlay";

    /// <summary>Makes it.</summary>
    /// <param name="boot">What this boot has mounted.</param>
    /// <param name="mounts">What is mounted now.</param>
    /// <param name="volumes">Names of volumes; none for all.</param>
    /// <param name="overlays">Paths of overlays; none for all; null if no overlay is asked for.</param>
    /// <exception cref="ControlException">There is no such volume or overlay, or it is too much for one request.</exception>
    internal static ResetPlan Make(
        BootReportDocument boot, IReadOnlyList<MountedFileSystem> mounts, IReadOnlyList<string> volumes, IReadOnlyList<string>? overlays)
    {
        if (overlays is not null && volumes.Count > 0)
        {
            throw ControlException.Misuse("--volume and --overlays cannot be asked for at once", "an erased volume has no changes of overlays left, either");
        }

        var names = new List<string>();
        foreach (VolumeReport volume in boot.Volumes)
        {
            names.Add(volume.Name);
        }

        CheckVolumes(names, volumes, overlays is null);
        CheckOverlays(mounts, overlays ?? []);
        var request = new ResetRequest
        {
            AllVolumes = overlays is null && volumes.Count == 0,
            Volumes = Once(volumes),
            AllOverlays = overlays is { Count: 0 },
            Overlays = Once(overlays ?? []),
            Source = "initruntime-ctl",
        };
        return new(request, ToBytes(request), names);
    }

    /// <summary>What will be lost, for people.</summary>
    internal void Write(TextPage page)
    {
        if (Request.AllVolumes)
        {
            page.Heading($"The next boot erases the volumes of this device: {string.Join(", ", VolumeNames)}.");
            page.Line("Those that the image's manifest keeps from it (factory-reset = false) stay.");
        }
        else if (Request.Volumes.Count > 0)
        {
            page.Heading($"The next boot erases {(Request.Volumes.Count == 1 ? "volume" : "volumes")} {string.Join(", ", Request.Volumes)}.");
        }
        else
        {
            page.Heading(Request.AllOverlays
                ? "The next boot erases what was changed in the overlays of this device."
                : $"The next boot erases what was changed in {string.Join(", ", Request.Overlays)}.");
        }

        page.Line("It is lost for the images of both slots.");
    }

    private static byte[] ToBytes(ResetRequest request)
    {
        try
        {
            byte[] bytes = ResetRequestJson.Write(request);
            return ResetRequestJson.TryParse(bytes, out _, out ParseError error) ? bytes : throw ControlException.Misuse(error.Message);
        }
        catch (ArgumentException e)
        {
            throw ControlException.Misuse(e.Message, "ask for all of them");
        }
    }

    private static void CheckVolumes(List<string> known, IReadOnlyList<string> wanted, bool anyWanted)
    {
        if (anyWanted && known.Count == 0)
        {
            throw new ControlException("this image has no volumes that could be erased");
        }

        foreach (string name in wanted)
        {
            if (!known.Contains(name))
            {
                throw ControlException.UnknownVolume(name, string.Join(", ", known));
            }
        }
    }

    private static void CheckOverlays(IReadOnlyList<MountedFileSystem> mounts, IReadOnlyList<string> wanted)
    {
        foreach (string path in wanted)
        {
            if (MountTable.Find(mounts, path)?.Type != OverlayType)
            {
                throw ControlException.Misuse($"there is no overlay on {path}", $"overlays are on {OverlaysOf(mounts)}");
            }
        }
    }

    private static string OverlaysOf(IReadOnlyList<MountedFileSystem> mounts)
    {
        var paths = new List<string>();
        foreach (MountedFileSystem mount in mounts)
        {
            if (mount.Type == OverlayType)
            {
                paths.Add(mount.MountPoint);
            }
        }

        return paths.Count == 0 ? "no directory" : string.Join(", ", paths);
    }

    private static List<string> Once(IReadOnlyList<string> names)
    {
        var once = new List<string>();
        foreach (string name in names)
        {
            if (!once.Contains(name))
            {
                once.Add(name);
            }
        }

        return once;
    }
}
