using System;
using System.Collections.Generic;
using System.Linq;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>The text of os-release(5), and the lines that tell which image it is.</summary>
internal static class OsRelease
{
    /// <summary>Where systemd's os-release(5) wants the file; <c>etc/os-release</c> is a link to it.</summary>
    internal const string Path = "usr/lib/os-release";

    internal const string OtherPath = "etc/os-release";

    /// <summary>Source: systemd's src/fundamental/bootspec.c.</summary>
    private static readonly string[] _versions = ["IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"];

    private static readonly string[] Ours = ["IMAGE_ID", "IMAGE_VERSION", "IMAGE_UUID"];

    /// <summary>The text with our three lines at its end, any earlier ones of them taken out.</summary>
    internal static string WithImage(string text, string name, string version, Guid uuid)
    {
        IEnumerable<string> kept = text.TrimEnd('\n').Split('\n')
            .Where(line => !Ours.Any(key => line.StartsWith(key + "=", StringComparison.Ordinal)));
        return string.Join('\n', [.. kept, $"IMAGE_ID={Quote(name)}", $"IMAGE_VERSION={Quote(version)}", $"IMAGE_UUID={uuid}"]) + "\n";
    }

    /// <summary>
    /// The text without versions. systemd-boot takes the highest version of those that its kernels have, and knows no other order than that and their
    /// names; an image with a lower version can be installed, too.
    /// </summary>
    internal static string WithoutVersion(string text) => string.Concat(text.TrimEnd('\n').Split('\n')
        .Where(line => !_versions.Any(key => line.StartsWith(key + "=", StringComparison.Ordinal)))
        .Select(line => line + "\n"));

    /// <summary>As a shell would read it back: quoted where a character needs it.</summary>
    private static string Quote(string value) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? value
            : "\"" + string.Concat(value.Select(c => c is '"' or '\\' or '$' or '`' ? $"\\{c}" : c.ToString())) + "\"";
}
