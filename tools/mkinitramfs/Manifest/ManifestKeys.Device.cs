using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <content>The keys about the device: disk, loader, overlays, failure, development.</content>
internal static partial class ManifestKeys
{
    internal static readonly ManifestKey<long> DiskEfiSize = new("disk", "efi-size", Forms.Size(8 * Mebi, 4 * Gibi))
    {
        Summary = "Partition `efi`: the signed boot loader; with systemd-boot the UKIs of both slots, too, and one while it is written.",
        DefaultOf = values => values.Get(BootLoader!) == SystemdBoot ? 128 * Mebi : 16 * Mebi,
        DefaultInWords = "`\"16M\"`; with systemd-boot `\"128M\"`",
        DerivedFrom = BootLoader,
    };

    internal static readonly ManifestKey<long> DiskBootSize = new("disk", "boot-size", Forms.Size(8 * Mebi, 4 * Gibi))
    {
        Summary = "Each of `BOOT0` and `BOOT1`: a UKI and the loader's state. The build fails when the UKI does not fit. With systemd-boot there are no such partitions.",
        Default = 32 * Mebi,
    };

    internal static readonly ManifestKey<long> DiskRootSize = new("disk", "root-size", Forms.Size(16 * Mebi, Tebi))
    {
        Summary = "Each of `root-a` and `root-b`: file system, hash tree, parity. The build fails when they do not fit; leave room for updates.",
        Default = Gibi,
    };

    internal const string EfiBootGuard = "efi-boot-guard";
    internal const string SystemdBoot = "systemd-boot";

    internal static readonly ManifestKey<string> BootLoader = new("boot", "loader", Forms.Choice(EfiBootGuard, SystemdBoot))
    {
        Summary = "The boot loader, which chooses the slot. EFI Boot Guard arms the watchdog, too; with systemd-boot /init does, once it has mounted the root. A device cannot be updated from one to the other.",
        Default = EfiBootGuard,
    };

    internal static readonly ManifestKey<int> BootWatchdog = new("boot", "watchdog", Forms.Duration(0, ushort.MaxValue))
    {
        Summary = "Time that the loader gives the whole boot before the hardware watchdog resets the board; `\"0s\"` for no watchdog. A board for which the loader has no watchdog driver boots only with `\"0s\"`.",
        Default = 60,
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> BootWatchdogModules = new(
        "boot", "watchdog-modules", Forms.List("a list of modules", TextForms.Module))
    {
        Summary = "Drivers of the root for the watchdog that the loader arms. /init loads those whose device is there before udev can load others, so that systemd takes over this watchdog and not another one; and feeds it while a volume is encrypted, checked or grown. Ones of the default that the kernel does not have are passed over.",
        Default = ["iTCO_wdt", "i6300esb", "wdat_wdt", "sp5100_tco"],
    };

    internal static readonly ManifestKey<int> BootDeviceTimeout = new("boot", "device-timeout", Forms.Duration(1, 3600))
    {
        Summary = "How long /init waits for devices, over all waits of one boot. Shorter than the watchdog, so that a missing disk is a message and not a bare reset.",
        Default = 30,
    };

    internal static readonly ManifestKey<string> BootInit = new("boot", "init", PathForms.InImage)
    {
        Summary = "The program of the root that takes over as PID 1.",
        Default = "/sbin/init",
    };

    internal static readonly ManifestKey<string> OverlayPath = new("overlay", "path", PathForms.InImage)
    {
        Summary = "The directory.",
        Required = true,
    };

    internal static readonly ManifestKey<OverlayUpper> OverlayKept = new("overlay", "upper", Choices<OverlayUpper>(VolumeSettingsJson.Name))
    {
        Summary = "Where changes are kept. `tmpfs`: in memory, until the next boot. `image`: on `volume`, with the data of this image: a new image begins with its predecessor's changes, a roll-back finds its own. `shared`: on `volume`, the same for all images.",
        Default = OverlayUpper.Memory,
    };

    internal static readonly ManifestKey<string?> OverlayVolume = new(
        "overlay", "volume", TextForms.VolumeName.OrNone<string?>(name => name, name => name!))
    {
        Summary = "The volume that keeps the changes; not with `upper = \"tmpfs\"`. `image` wants one with `snapshots` of `btrfs` or `dm-snapshot`, `shared` one of `btrfs` or `shared`.",
    };

    internal static readonly ManifestKey<bool> DeviceControl = new("device", "control", Forms.Flag)
    {
        Summary = "Put the control program into the root, as `/usr/bin/initruntime-ctl`: it tells how the device booted and whose data its volumes hold, and asks for a factory reset (docs/device.md).",
        Default = true,
    };

    internal static readonly ManifestKey<FailureAction> OnFailure = new("failure", "action", Forms.Choice(
        ("reboot", FailureAction.Reboot), ("halt", FailureAction.Halt), ("power-off", FailureAction.PowerOff)))
    {
        Summary = "What follows a failed boot, once it is reported. An image on trial always reboots, so that the loader returns to the other slot.",
        Default = FailureAction.Reboot,
    };

    internal static readonly ManifestKey<int> FailureLongestDelay = new("failure", "longest-delay", Forms.Duration(0, 86400))
    {
        Summary = "The longest pause before a reboot, when the same image fails again and again.",
        Default = 300,
    };

    internal static readonly ManifestKey<bool> DevelopmentDebugShell = new("development", "debug-shell", Forms.Flag)
    {
        Summary = "A failed boot opens a shell on the console. Whoever reaches the console owns the device.",
        Default = false,
    };

    private static readonly OverlaySettings[] _defaultOverlays =
    [
        new() { Path = "/etc", Upper = OverlayUpper.Memory },
        new() { Path = "/var", Upper = OverlayUpper.Memory },
    ];

    /// <summary>
    /// The overlays of a manifest that has no <c>[[overlay]]</c>: what a systemd root needs to be writable, and no volume makes so.
    /// </summary>
    internal static IReadOnlyList<OverlaySettings> DefaultOverlays(ManifestValues values) =>
        [.. _defaultOverlays.Where(overlay => !MountRules.VolumeMounts(values).Any(volume => MountRules.IsIn(overlay.Path, volume.Path)))];
}
