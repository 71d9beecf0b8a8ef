using System.Collections.Generic;
using System.IO;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Mkinitramfs.Build;

/// <summary>What a build adds to the root for the running device: the control program, its units, SWUpdate's configuration.</summary>
internal static class DeviceFiles
{
    /// <summary>The files.</summary>
    /// <param name="manifest">What the image is.</param>
    /// <param name="program">The control program.</param>
    /// <param name="root">What the root has already; null if it is not known.</param>
    /// <exception cref="Host.BuildException">A certificate or key cannot be read.</exception>
    internal static IEnumerable<AddedFile> Make(ImageManifest manifest, byte[] program, TarArchive? root) =>
    [
        new AddedFile(DeviceProgram.Control.Place[1..], program, IsProgram: true),
        .. root is null || TrialUnits.Fit(root) ? TrialUnits.Make(manifest) : [],
        .. manifest.Update.Make ? UpdateClient.Make(manifest, root) : [],
    ];

    /// <summary>Writes them below a directory; their paths there.</summary>
    internal static IEnumerable<string> Write(ImageManifest manifest, string directory)
    {
        foreach (AddedFile file in Make(manifest, DeviceProgram.Control.Read(), null))
        {
            string path = Path.Combine(directory, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path);
            using (var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = (UnixFileMode)(file.IsSecret ? 0x180 /* 0600 */ : file.IsProgram ? 0x1ed /* 0755 */ : 0x1a4 /* 0644 */),
            }))
            {
                stream.Write(file.Content);
            }

            yield return path;
        }
    }
}
