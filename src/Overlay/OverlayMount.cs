using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;

namespace InitRuntime.Overlay;

/// <summary>Writable layers over directories of the verified root. Source: Documentation/filesystems/overlayfs.rst.</summary>
public static class OverlayMount
{
    private const string Workshop = "/run/initruntime/overlay";
    private const int DirectoryMode = 0x1ed; // 0755

    // Without these, an upper layer stays valid when the lower one changes with the next image.
    private const string Options = "index=off,metacopy=off,redirect_dir=off,xino=off";

    /// <summary>Mounts every overlay of the settings below <paramref name="root"/>.</summary>
    /// <exception cref="BootException">A directory is missing in the root.</exception>
    /// <exception cref="SyscallException">The kernel refuses a mount.</exception>
    public static void Assemble(string root, IReadOnlyList<OverlaySettings> overlays)
    {
        ArgumentNullException.ThrowIfNull(overlays);
        if (overlays.Count == 0)
        {
            return;
        }

        // One tmpfs holds all volatile layers. It leaves the tree below: an overlay keeps its layers by itself.
        KernelFile.MakeDirectory(Workshop, DirectoryMode);
        Mount.FileSystem("tmpfs", Workshop, "tmpfs", MountFlags.NoDevices | MountFlags.NoSetUid, "mode=0755");
        for (int i = 0; i < overlays.Count; i++)
        {
            Layer(root + overlays[i].Path, string.Create(CultureInfo.InvariantCulture, $"{Workshop}/{i}"), overlays[i].Path);
        }

        Mount.Detach(Workshop);
    }

    private static void Layer(string lower, string home, string path)
    {
        if (!KernelFile.Exists(lower))
        {
            throw new BootException($"overlay {path}: no such directory in the root", hint: "make it in the image, or take it out of [[overlay]]");
        }

        string upper = home + "/upper";
        string work = home + "/work";
        KernelFile.MakeDirectory(home, DirectoryMode);
        KernelFile.MakeDirectory(upper, DirectoryMode);
        KernelFile.MakeDirectory(work, DirectoryMode);
        KernelFile.CopyOwnerAndMode(lower, upper);
        Mount.FileSystem("overlay", lower, "overlay", MountFlags.None, $"lowerdir={Escape(lower)},upperdir={upper},workdir={work},{Options}");
    }

    /// <summary>Commas and colons separate in overlayfs options; the kernel unescapes them.</summary>
    private static string Escape(string path) => path.Replace("\\", "\\\\").Replace(",", "\\,").Replace(":", "\\:");
}
