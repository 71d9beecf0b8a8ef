using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;

namespace InitRuntime.Overlay;

/// <summary>Writable layers over directories of the verified root. Source: Documentation/filesystems/overlayfs.rst.</summary>
public static class OverlayMount
{
    private const string Workshop = "/run/initruntime/overlay";
    private const int DirectoryMode = 0x1ed; // 0755

    // Without these, the kernel allows the lower layer to change while the overlay is not mounted, as it does with the next image. It
    // then shows new names in directories that the device made, too. Never uuid=off: by the image's UUID in its file system the kernel
    // sees that what a copied file says of its origin is not about this image.
    private const string Options = "index=off,metacopy=off,redirect_dir=off,xino=off";

    /// <summary>Mounts every overlay of the settings below <paramref name="root"/>.</summary>
    /// <param name="root">Where the root is mounted, and its volumes in it.</param>
    /// <param name="image">The image that boots.</param>
    /// <param name="overlays">In their order.</param>
    /// <param name="homeOf">Where the layer of one lives whose upper is kept.</param>
    /// <param name="feed">Feeds the watchdog while a layer is compared, at an image's first boot.</param>
    /// <param name="log">For choices.</param>
    /// <returns>What this image changed, and older layers hide.</returns>
    /// <exception cref="BootException">A directory is missing in the root, or something is in the way of a layer.</exception>
    /// <exception cref="SyscallException">The kernel refuses a mount, or a kept layer cannot be made.</exception>
    public static IReadOnlyList<DriftEntry> Assemble(
        string root, Guid image, IReadOnlyList<OverlaySettings> overlays, Func<OverlaySettings, string> homeOf, Action feed, Kmsg log)
    {
        ArgumentNullException.ThrowIfNull(overlays);
        ArgumentNullException.ThrowIfNull(homeOf);
        ArgumentNullException.ThrowIfNull(log);

        // All before the first mount: what the image has is read from the image, not through a layer.
        var drift = new List<DriftEntry>();
        bool anyInMemory = false;
        foreach (OverlaySettings overlay in overlays)
        {
            anyInMemory |= overlay.Upper == OverlayUpper.Memory;
            if (overlay.Upper != OverlayUpper.Memory)
            {
                CheckLower(root + overlay.Path, overlay.Path);
                drift.AddRange(new KeptLayer(overlay.Path, homeOf(overlay), root, image, feed, log).Prepare());
            }
        }

        if (anyInMemory)
        {
            // One tmpfs holds all volatile layers. It leaves the tree below: an overlay keeps its layers by itself.
            KernelFile.MakeDirectory(Workshop, DirectoryMode);
            Mount.FileSystem("tmpfs", Workshop, "tmpfs", MountFlags.NoDevices | MountFlags.NoSetUid, "mode=0755");
        }

        for (int i = 0; i < overlays.Count; i++)
        {
            string lower = root + overlays[i].Path;
            CheckLower(lower, overlays[i].Path);
            Layer(lower, overlays[i].Upper == OverlayUpper.Memory
                ? InMemory(lower, string.Create(CultureInfo.InvariantCulture, $"{Workshop}/{i}"))
                : homeOf(overlays[i]));
        }

        if (anyInMemory)
        {
            Mount.Detach(Workshop);
        }

        return drift;
    }

    private static void CheckLower(string lower, string path)
    {
        if (!KernelFile.Exists(lower))
        {
            throw new BootException($"overlay {path}: no such directory in the root", hint: "make it in the image, or take it out of [[overlay]]");
        }
    }

    private static string InMemory(string lower, string home)
    {
        string upper = $"{home}/{KeptLayer.Upper}";
        KernelFile.MakeDirectory(home, DirectoryMode);
        KernelFile.MakeDirectory(upper, DirectoryMode);
        KernelFile.MakeDirectory($"{home}/{KeptLayer.Work}", DirectoryMode);
        KernelFile.CopyOwnerAndMode(lower, upper);
        return home;
    }

    private static void Layer(string lower, string home) => Mount.FileSystem(
        "overlay", lower, "overlay", MountFlags.None,
        $"lowerdir={Escape(lower)},upperdir={Escape(home)}/{KeptLayer.Upper},workdir={Escape(home)}/{KeptLayer.Work},{Options}");

    /// <summary>Commas and colons separate in overlayfs options; the kernel unescapes them.</summary>
    private static string Escape(string path) => path.Replace("\\", "\\\\").Replace(",", "\\,").Replace(":", "\\:");
}
