using System.Collections.Generic;
using System.IO;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Run;

namespace InitRuntime.Qemu.Harness;

/// <summary>A second disk with update files, as a person would bring it: read-only, a squashfs of its own.</summary>
internal static class UpdateDisk
{
    /// <summary>Where the guest has it, once <see cref="MountCommand"/> was given.</summary>
    internal const string Place = "/run/updates";

    internal const string MountCommand = $"sh mkdir -p {Place} && mount -t squashfs -o ro /dev/vdb {Place}";

    /// <summary>Makes it.</summary>
    /// <param name="disk">The test's disk: it goes with it.</param>
    /// <param name="files">By their names on the disk.</param>
    internal static ExtraDisk Make(DiskImage disk, IReadOnlyDictionary<string, string> files)
    {
        string directory = Path.Combine(disk.Directory, "updates");
        Directory.CreateDirectory(directory);
        foreach ((string name, string file) in files)
        {
            File.Copy(file, Path.Combine(directory, name), overwrite: true);
        }

        string image = Path.Combine(disk.Directory, "updates.squashfs");
        Images.Tools.Run("mksquashfs", directory, image, "-noappend", "-no-progress", "-quiet", "-noI", "-noD", "-noF");
        Directory.Delete(directory, recursive: true);
        return new ExtraDisk(image, IsReadOnly: true);
    }

    /// <summary>The update file of an image.</summary>
    internal static string Of(BuiltImage image) => image[Artefacts.Update];
}
