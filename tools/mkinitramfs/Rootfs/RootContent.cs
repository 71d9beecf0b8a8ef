using System;
using System.Collections.Generic;
using System.Linq;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>What of a root file system goes into the image, and what every image has to have.</summary>
internal static class RootContent
{
    /// <summary>Directories that /init and systemd mount on, or that must exist; with their modes.</summary>
    internal static readonly IReadOnlyList<(string Path, int Mode)> Directories =
        [("dev", 0x1ed), ("etc", 0x1ed), ("proc", 0x1ed), ("run", 0x1ed), ("sys", 0x1ed), ("tmp", 0x3ff), ("var", 0x1ed)];

    /// <summary>Made by systemd at every boot while it is empty: no two devices may share it.</summary>
    internal const string MachineId = "etc/machine-id";

    /// <summary>Directories whose content belongs to the machine that runs or that built it, or to the boot partitions.</summary>
    private static readonly string[] EmptyDirectories =
        ["boot/", "dev/", "proc/", "run/", "sys/", "tmp/", "var/cache/apt/", "var/lib/apt/lists/"];

    /// <summary>Identities and secrets that every device makes for itself.</summary>
    private static readonly string[] LeftOut = [MachineId, "var/lib/dbus/machine-id", "var/lib/systemd/random-seed"];

    /// <summary>Links that Debian's kernel packages make for boot loaders we do not use.</summary>
    private static readonly string[] KernelLinks = ["vmlinuz", "vmlinuz.old", "initrd.img", "initrd.img.old"];

    /// <summary>Whether a member is part of the image.</summary>
    internal static bool Holds(TarEntry entry) =>
        !EmptyDirectories.Any(directory => entry.Path.StartsWith(directory, StringComparison.Ordinal))
        && !(LeftOut.Contains(entry.Path) && !entry.IsDirectory)
        && !(entry.IsSymbolicLink && KernelLinks.Contains(entry.Path));
}
