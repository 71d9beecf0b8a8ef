using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Qemu.Harness;

/// <summary>A second disk with update files, as a person would bring it: read-only, a squashfs of its own.</summary>
internal static class UpdateDisk
{
    /// <summary>Where the guest has it, once <see cref="MountCommand"/> was given.</summary>
    internal const string Place = "/run/updates";

    internal const string MountCommand = $"sh mkdir -p {Place} && mount -t squashfs -o ro /dev/vdb {Place}";

    /// <summary>Returns when the image is confirmed, and SWUpdate may install one into the other slot.</summary>
    internal const string SettleCommand = "sh systemctl start initruntime-confirm.service";

    /// <summary>As docs/updates.md has them: by hand, and by the daemon.</summary>
    private static readonly string[] _documented = PageShell.Block("docs/updates.md", "swupdate -f ");

    /// <summary>Installs a file of the disk.</summary>
    internal static string InstallCommand(string file = "b.swu") => $"sh {Documented(0, file)}";

    /// <summary>Has the daemon install it.</summary>
    internal static string SendCommand(string file) => $"sh RUNTIME_DIRECTORY=/run/swupdate TMPDIR=/run/swupdate {Documented(1, file)}";

    /// <summary>Makes it.</summary>
    /// <param name="disk">The test's disk: it goes with it.</param>
    /// <param name="files">By their names on the disk.</param>
    internal static ExtraDisk Make(DiskImage disk, IReadOnlyDictionary<string, string> files)
    {
        string directory = Path.Combine(disk.Directory, "updates");
        Directory.CreateDirectory(directory);
        foreach ((string name, string file) in files)
        {
            string copy = Path.Combine(directory, name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        string image = Path.Combine(disk.Directory, "updates.squashfs");
        Images.Tools.Run("mksquashfs", directory, image, "-noappend", "-no-progress", "-quiet", "-noI", "-noD", "-noF");
        Directory.Delete(directory, recursive: true);
        return new ExtraDisk(image, IsReadOnly: true);
    }

    /// <summary>What an image publishes for updates by chunks, by the names that it is published under.</summary>
    internal static Dictionary<string, string> PublishedBy(BuiltImage image) => DeltaUpdate.Published(image.Directory).ToDictionary(name => name, name => image[name]);

    /// <summary>The update file of an image.</summary>
    internal static string Of(BuiltImage image) => image[Artefacts.Update];

    private static string Documented(int line, string file) => _documented[line].Replace("update.swu", $"{Place}/{file}", StringComparison.Ordinal);
}
