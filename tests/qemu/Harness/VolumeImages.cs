using System;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// Images with persistent volumes. They share one root file system; instead of systemd runs the small program of tests/qemu/Guest,
/// which tells what Debian's own tools say about the volumes.
/// </summary>
internal static class VolumeImages
{
    private static readonly Lazy<BuiltImage> _formatted = new(() => Open("formatted", """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "160M"

        [[volume]]
        name = "plain"
        mount = "/srv"
        size = "64M"
        file-system = "ext4"
        encrypt = "none"
        grow = true
        """));

    private static readonly Lazy<BuiltImage> _inPlace = new(() => Open("in-place", """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "192M"
        file-system = "ext4"
        encrypt = "format-if-empty"

        [[volume]]
        name = "home"
        mount = "/home"
        size = "320M"
        encrypt = "reencrypt"
        """));

    private static readonly Lazy<BuiltImage> _asking = new(() => Open("asking", """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "64M"
        file-system = "ext4"
        on-unlock-failure = "ask"
        recovery-key = "show"
        """));

    private static readonly Lazy<BuiltImage> _pin = new(() => Open("pin", """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "64M"
        file-system = "ext4"

        [tpm]
        pin = true
        pcrs = [7]
        """));

    private static readonly Lazy<BuiltImage> _measured = new(() => Open("measured", """
        [[volume]]
        name = "var"
        mount = "/var"
        size = "320M"
        file-system = "xfs"
        recovery-key = "escrow"
        escrow-program = "/usr/lib/initruntime-test/escrow"

        [tpm]
        measure = "required"
        signed-pcrs = []
        pcrs = [7]
        """));

    /// <summary>
    /// The other file systems' tools, what tells of mapped devices, and what lets systemd unlock a volume by the TPM. One list for all
    /// images, so that they share one root archive.
    /// </summary>
    private static readonly string[] _packages =
    [
        "btrfs-progs", "e2fsprogs", "xfsprogs", "mount", "dmsetup", "systemd-cryptsetup", "libtss2-esys-3.0.2-0t64", "libtss2-mu-4.0.1-0t64",
        "libtss2-rc0t64", "libtss2-tcti-device0t64",
        // A web server of another maker, for updates by chunks.
        "busybox",
    ];

    /// <summary><c>var</c>: btrfs, encrypted and formatted by the first boot; <c>plain</c>: ext4, not encrypted, the last partition, which grows.</summary>
    internal static BuiltImage Formatted => _formatted.Value;

    /// <summary><c>var</c>: ext4, format-if-empty; <c>home</c>: btrfs, reencrypt.</summary>
    internal static BuiltImage InPlace => _inPlace.Value;

    /// <summary><c>var</c>: ext4; asks on the console when the TPM does not unlock; shows a recovery key.</summary>
    internal static BuiltImage Asking => _asking.Value;

    /// <summary><c>var</c>: ext4, bound to signed PCR 11, PCR 7 and a PIN.</summary>
    internal static BuiltImage Pin => _pin.Value;

    /// <summary><c>var</c>: xfs, bound to PCR 7, with a recovery key for an escrow program; a boot that is not measured fails.</summary>
    internal static BuiltImage Measured => _measured.Value;

    private static BuiltImage Open(string name, string sections) => Images.Open($"volumes-{name}", demo => WithVolumes(demo, sections));

    /// <summary>The demo's manifest with the guest's files and one of its programs, and with other volumes.</summary>
    /// <param name="demo">The demo's manifest.</param>
    /// <param name="sections">The volumes; overlays where it is not to be /etc in memory; whatever else the demo has no section of.</param>
    /// <param name="program">A program of tests/qemu/Guest, which is PID 1.</param>
    internal static string WithVolumes(string demo, string sections, string program = "init")
    {
        string manifest = CutSections(demo, "[[volume]]", "[[overlay]]")
            .Replace("files = [\"files\"]", "files = [\"files\", \"guest\"]", StringComparison.Ordinal)
            .Replace("\"btrfs-progs\"", $"\"{string.Join("\", \"", _packages)}\"", StringComparison.Ordinal)
            .Replace("swupdate = true", "swupdate = false", StringComparison.Ordinal)
            .Replace("[boot]", $"[boot]\ninit = \"/usr/lib/initruntime-test/{program}\"", StringComparison.Ordinal);
        string overlay = sections.Contains("[[overlay]]", StringComparison.Ordinal) ? "" : "\n[[overlay]]\npath = \"/etc\"\n";
        return $"{manifest}\n{sections}\n{overlay}";
    }

    /// <summary>Takes out whole sections of a manifest.</summary>
    private static string CutSections(string manifest, params string[] headers)
    {
        foreach (string header in headers)
        {
            for (int at = manifest.IndexOf(header, StringComparison.Ordinal); at >= 0; at = manifest.IndexOf(header, StringComparison.Ordinal))
            {
                int end = manifest.IndexOf("\n[", at + 1, StringComparison.Ordinal);
                manifest = end < 0 ? manifest[..at] : manifest.Remove(at, end + 1 - at);
            }
        }

        return manifest;
    }
}
