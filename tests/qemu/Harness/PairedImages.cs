using System;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;

namespace InitRuntime.Qemu.Harness;

/// <summary>Images A, B and C with a volume of each kind.</summary>
internal static class PairedImages
{
    /// <summary>The volumes whose data belong to an image: two of btrfs, encrypted and plain, then two by dm-snapshot.</summary>
    internal static readonly string[] Paired = ["var", "pairs", "device", "xdevice"];

    /// <summary>
    /// <c>shared</c>: ext4, encrypted, the same for all; <c>var</c>: btrfs, encrypted; <c>pairs</c>: btrfs, plain; <c>device</c>: ext4
    /// by dm-snapshot, encrypted; <c>xdevice</c>: xfs by dm-snapshot, plain.
    /// </summary>
    internal static readonly ImageFamily All = new("paired", """
        [[volume]]
        name = "shared"
        mount = "/srv/shared"
        size = "64M"
        file-system = "ext4"
        snapshots = "shared"

        [[volume]]
        name = "var"
        mount = "/var"
        size = "192M"

        [[volume]]
        name = "pairs"
        mount = "/srv/pairs"
        size = "128M"
        encrypt = "none"
        snapshots = "btrfs"

        [[volume]]
        name = "device"
        mount = "/srv/device"
        size = "128M"
        file-system = "ext4"
        snapshots = "dm-snapshot"
        snapshot-size = "32M"
        shared-paths = ["/srv/device/log"]
        shared-on = "shared"

        [[volume]]
        name = "xdevice"
        mount = "/srv/xdevice"
        size = "384M"
        file-system = "xfs"
        encrypt = "none"
        snapshots = "dm-snapshot"
        snapshot-size = "32M"
        """);

    /// <summary>What /init did for a volume.</summary>
    internal static string Action(GuestReport report, string volume) => report.Volume(volume)["snapshot"]!["action"]!.GetValue<string>();

    /// <summary>Whether something is left to be cleaned up or merged.</summary>
    internal static bool Pending(GuestReport report, string volume) => report.Volume(volume)["snapshot"]!["pending"]!.GetValue<bool>();

    /// <summary>Which image runs, what it sees, and that the packages are its own.</summary>
    internal static void AssertData(GuestReport report, string version, string[] paired, string[] shared)
    {
        Assert.Equal(version, report.Version);
        Assert.Equal(version, report["dpkg"]!["image"]!.GetValue<string>());
        Assert.Equal(0, report["dpkg"]!["exit"]!.GetValue<int>());
        AssertWriters(report, paired, paired, shared);
    }

    /// <summary>Who wrote to the data that are seen, in subvolumes, in snapshots, and in what all images share; and that all files are whole.</summary>
    internal static void AssertWriters(GuestReport report, string[] subvolumes, string[] snapshots, string[] shared)
    {
        Assert.Equal(subvolumes, Lines(report, "/var/data"));
        Assert.Equal(subvolumes, Lines(report, "/srv/pairs/data"));
        Assert.Equal(snapshots, Lines(report, "/srv/device/data"));
        Assert.Equal(snapshots, Lines(report, "/srv/xdevice/data"));
        Assert.Equal(shared, Lines(report, "/srv/shared/data"));
        Assert.Equal(shared, Lines(report, "/var/log"));
        Assert.Equal(shared, Lines(report, "/srv/device/log"));
        Assert.Equal(subvolumes.Length, report["files"]!["var"]!.AsObject().Count);
        Assert.All(report["files"]!.AsObject().SelectMany(volume => volume.Value!.AsObject()), write => Assert.Equal(20, write.Value!.GetValue<int>()));
        Assert.Empty(report.BadFiles);
    }

    private static string[] Lines(GuestReport report, string directory) =>
        report["writers"]![directory] is JsonArray lines ? [.. lines.Select(line => line!.GetValue<string>())] : [];

    /// <summary>The images that have a subvolume, on both volumes of btrfs alike.</summary>
    internal static BuiltImage[] Owners(GuestReport report)
    {
        string[][] owners =
        [
            .. new[] { "var", "pairs" }.Select(volume => report["subvolumes"]![volume]!.AsArray()
                .Select(line => line!.GetValue<string>()).Where(line => line.Contains("@images/", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf("@images/", StringComparison.Ordinal) + 8)..]).Order(StringComparer.Ordinal).ToArray()),
        ];
        Assert.Equal(owners[0], owners[1]);
        BuiltImage[] known = [All.A, All.B, All.C];
        Assert.All(owners[0], owner => Assert.Contains(known, image => $"{image.Summary.ImageUuid}" == owner));
        return [.. known.Where(image => owners[0].Contains($"{image.Summary.ImageUuid}"))];
    }
}
