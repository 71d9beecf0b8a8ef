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
}
