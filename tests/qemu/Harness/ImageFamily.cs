using System;
using System.IO;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// Images that are installed one after the other onto one disk: the same manifest but for the version, and the files of
/// tests/qemu/Family, which carry the version: one below /usr, a configuration file in /etc, one in /var, and a package in dpkg's
/// database. Their PID 1 is the program <c>state</c> of tests/qemu/Guest, which tells of the volumes and takes commands. Each image
/// is built when it is first asked for.
/// </summary>
/// <param name="name">What they are called in the cache.</param>
/// <param name="sections">Of the manifest: the volumes, overlays where it is not to be /etc in memory, whatever else the demo has no section of.</param>
internal sealed class ImageFamily(string name, string sections)
{
    private readonly Lazy<BuiltImage> _a = new(() => Open(name, sections, "1.0"));
    private readonly Lazy<BuiltImage> _b = new(() => Open(name, sections, "2.0"));
    private readonly Lazy<BuiltImage> _c = new(() => Open(name, sections, "3.0"));

    /// <summary>Version 1.0, which a disk begins with.</summary>
    internal BuiltImage A => _a.Value;

    /// <summary>Version 2.0.</summary>
    internal BuiltImage B => _b.Value;

    /// <summary>Version 3.0.</summary>
    internal BuiltImage C => _c.Value;

    private static BuiltImage Open(string name, string sections, string version) => Images.Open(
        $"family-{name}-{version}",
        demo => VolumeImages.WithVolumes(demo, sections, "state")
            .Replace("version = \"1.0\"", $"version = \"{version}\"", StringComparison.Ordinal)
            // Takes 1 s of a processor, not 20; the image is a twentieth larger.
            .Replace("[rootfs]", "[rootfs]\ncompression = \"lz4\"", StringComparison.Ordinal),
        Path.Combine(Places.Repository, "tests", "qemu", "Family"));
}
