using System;
using System.IO;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// Images that a device installs by SWUpdate, one after the other: the same systemd root but for the version. Each does what a file that all images share,
/// /var/log/initruntime-test/behaviour, says of its version: <c>2.0 fail</c> (its health check), <c>panic</c>, <c>wait</c> or <c>hang</c>
/// (before systemd).
/// </summary>
internal static class UpdateImages
{
    /// <summary>Where the chunks of A and B are looked for: on the device itself.</summary>
    private const string DeltaUrl = "http://127.0.0.1:8080/delta";

    private const string Sections = """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "160M"
        encrypt = "none"

        [confirm]
        within = "3min"

        [[health-check]]
        name = "test"
        command = ["/usr/lib/initruntime-test/health"]
        timeout = "2min"
        """;

    private static readonly Lazy<BuiltImage> _a = new(() => Open("1.0"));
    private static readonly Lazy<BuiltImage> _b = new(() => Open("2.0"));
    private static readonly Lazy<BuiltImage> _c = new(() => Open("3.0"));

    private static readonly Lazy<BuiltImage> _systemdBootA = new(() => Open("1.0", "systemd-boot"));
    private static readonly Lazy<BuiltImage> _systemdBootB = new(() => Open("2.0", "systemd-boot"));

    /// <summary>Version 1.0, which a disk begins with.</summary>
    internal static BuiltImage A => _a.Value;

    /// <summary>Version 2.0.</summary>
    internal static BuiltImage B => _b.Value;

    /// <summary>Version 3.0: its update file is encrypted, and it is laid out as an image is that is not updated by chunks.</summary>
    internal static BuiltImage C => _c.Value;

    /// <summary>Version 1.0 with systemd-boot.</summary>
    internal static BuiltImage SystemdBootA => _systemdBootA.Value;

    /// <summary>Version 2.0 with systemd-boot.</summary>
    internal static BuiltImage SystemdBootB => _systemdBootB.Value;

    private static BuiltImage Open(string version, string loader = "efi-boot-guard") => Images.Open(
        $"update-{version}{(loader == "efi-boot-guard" ? "" : $"-{loader}")}",
        demo => VolumeImages.WithVolumes(demo, Sections, "start")
            .Replace("swupdate = false", version == "3.0" ? "swupdate = true\nencrypt = true" : $"swupdate = true\ndelta-url = \"{DeltaUrl}\"", StringComparison.Ordinal)
            .Replace("keys = \"keys\"", "keys = \"keys\"\nupdate-encryption-key = \"keys/update.aes\"", StringComparison.Ordinal)
            .Replace("version = \"1.0\"", $"version = \"{version}\"", StringComparison.Ordinal)
            .Replace("watchdog = \"3min\"", "watchdog = \"90s\"", StringComparison.Ordinal)
            .Replace("[boot]", $"[boot]\nloader = \"{loader}\"", StringComparison.Ordinal)
            .Replace("[rootfs]", "[rootfs]\ncompression = \"lz4\"", StringComparison.Ordinal),
        Path.Combine(Places.Repository, "tests", "qemu", "Family"));
}
