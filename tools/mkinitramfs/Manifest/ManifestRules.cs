using System;
using System.Collections.Generic;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>The rules between keys; those of volumes, mounts, TPM and signing have their own files. A rule is silent about values that were refused already.</summary>
internal static class ManifestRules
{
    /// <summary>Longest kernel command line. Source: COMMAND_LINE_SIZE of x86 (2048), less the final zero.</summary>
    private const int LongestCommandLine = 2047;

    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        CheckRoot(values, errors);
        Compression.Check(values, errors);
        CheckCommandLine(values, errors);
        CheckVerity(values, errors);
        CheckTimes(values, errors);
        CheckLoader(values, errors);
        VolumeSectionRules.Check(values, errors);
        MountRules.Check(values, errors);
        SnapshotRules.Check(values, errors);
        TrialRules.Check(values, errors);
        UpdateRules.Check(values, errors);
        HookRules.Check(values, errors);
        TpmSectionRules.Check(values, errors);
        SigningRules.Check(values, errors);
    }

    private static void CheckRoot(ManifestValues values, ManifestErrors errors)
    {
        ManifestKey? ready = new ManifestKey[] { RootfsTar, RootfsTree }.FirstOrDefault(key => values.PlaceOf(key) is not null);
        if (ready is null)
        {
            if (values.IsUsable(RootfsPackages) && values.Get(RootfsPackages).Count == 0)
            {
                errors.Add(
                    values.PlaceOf(RootfsPackages) ?? values.HeaderOf("rootfs"), RootfsPackages.FullName, "missing",
                    "name the packages of the image, such as packages = [\"systemd-sysv\", \"udev\", \"dbus\"]");
            }

            return;
        }

        foreach (ManifestKey other in new ManifestKey[] { RootfsTree, RootfsSuite, RootfsMirrors, RootfsPackages, RootfsExclude, KernelPackage })
        {
            if (other != ready && values.PlaceOf(other) is { } place)
            {
                errors.Add(place, other.FullName, $"contradicts {ready.FullName} in {values.PlaceOf(ready)!.Value.InWords}",
                    other == KernelPackage ? "a ready-made root brings its own kernel" : "the root comes from packages or ready-made: keep one of the two");
            }
        }
    }

    /// <summary>systemd-boot has no variables of its own that a person or program could set.</summary>
    private static void CheckLoader(ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsGood(BootLoader) || values.Get(BootLoader) != SystemdBoot)
        {
            return;
        }

        foreach (ManifestKey key in new ManifestKey[] { ResetLoaderVariable, DiskBootSize })
        {
            if (values.PlaceOf(key) is { } place)
            {
                errors.Add(place, key.FullName, $"is for {EfiBootGuard} alone, and boot.loader is {SystemdBoot}", $"remove {key.FullName}");
            }
        }
    }

    private static void CheckCommandLine(ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsGood(KernelCommandLine))
        {
            return;
        }

        IReadOnlyList<string> words = values.Get(KernelCommandLine);
        string key = KernelCommandLine.FullName;
        Place place = values.ValuePlaceOf(KernelCommandLine);
        string? panic = words.LastOrDefault(word => word.StartsWith("panic=", StringComparison.Ordinal));
        if (panic is null)
        {
            string defaults = string.Join(", ", KernelCommandLine.DefaultIn(values).Select(word => $"\"{word}\""));
            errors.Add(place, key, "no \"panic=\": after a kernel panic the device would hang", $"add \"panic=5\"; the default words are {defaults}");
        }
        else if (!int.TryParse(panic["panic=".Length..], out int seconds) || seconds == 0)
        {
            errors.Add(place, key, $"{ManifestErrors.Quote(panic)} does not reboot after a panic", "use \"panic=5\": seconds until the reboot");
        }

        int length = words.Sum(word => word.Length + 1) - 1;
        if (length > LongestCommandLine)
        {
            errors.Add(place, key, $"{length} characters, the kernel takes {LongestCommandLine}", "use fewer words");
        }
    }

    private static void CheckVerity(ManifestValues values, ManifestErrors errors)
    {
        if (values.IsGood(VerityFecRoots) && values.IsUsable(VerityDataBlockSize) && values.IsUsable(VerityHashBlockSize)
            && values.Get(VerityFecRoots) > 0 && values.Get(VerityDataBlockSize) != values.Get(VerityHashBlockSize))
        {
            errors.Add(values.PlaceOf(VerityFecRoots)!.Value, VerityFecRoots.FullName,
                $"data-block-size is {values.Get(VerityDataBlockSize)} and hash-block-size is {values.Get(VerityHashBlockSize)}",
                "the kernel corrects errors only when both block sizes are equal");
        }

        NeedsEachOther(VerityRootHashKey, VerityRootHashCertificate, values, errors);
        NeedsEachOther(VerityRootHashCertificate, VerityRootHashKey, values, errors);
    }

    private static void NeedsEachOther(ManifestKey one, ManifestKey other, ManifestValues values, ManifestErrors errors)
    {
        if (values.PlaceOf(one) is { } place && values.PlaceOf(other) is null)
        {
            errors.Add(place, one.FullName, $"set without {other.Name}", "set both or neither");
        }
    }

    private static void CheckTimes(ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsUsable(BootWatchdog) || !values.IsUsable(BootDeviceTimeout))
        {
            return;
        }

        int watchdog = values.Get(BootWatchdog);
        int timeout = values.Get(BootDeviceTimeout);
        if (watchdog > 0 && timeout >= watchdog)
        {
            ManifestKey key = values.PlaceOf(BootDeviceTimeout) is null ? BootWatchdog : BootDeviceTimeout;
            errors.Add(values.ValuePlaceOf(key), key.FullName,
                $"device-timeout is {Forms.ShowDuration(timeout)} and watchdog is {Forms.ShowDuration(watchdog)}",
                "keep device-timeout below watchdog: else a missing disk ends in a bare reset instead of a message");
        }
    }
}
