using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Disk;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What the keys of one <c>[[volume]]</c> ask of each other, and of other volumes; where it is mounted is up to <see cref="MountRules"/>.</summary>
internal static class VolumeSectionRules
{
    private const long Mebi = 1 << 20;

    /// <summary>What cryptsetup takes for its header by default (LUKS2, 16 MiB), and what a file system gives up for it.</summary>
    private const long LuksHeader = 16 * Mebi;

    /// <summary>The smallest volume that is worth its header, in bytes.</summary>
    private const long SmallestEncrypted = 64 * Mebi;

    /// <summary>
    /// The smallest volumes that mkfs makes, in bytes. Sources: mkfs.btrfs of btrfs-progs 6.14 wants 109 MiB, mkfs.xfs of
    /// xfsprogs 6.13 wants 300 MiB.
    /// </summary>
    private static readonly Dictionary<string, long> _smallest = new(StringComparer.Ordinal)
    {
        ["btrfs"] = 128 * Mebi,
        ["ext4"] = 16 * Mebi,
        ["xfs"] = 300 * Mebi,
    };

    /// <summary>Labels of other partitions, the name of the root's device, and what the disk's own GUID is made from.</summary>
    private static readonly string[] _takenNames = [DiskLayout.Efi, "root", .. DiskLayout.RootSlots, DiskLayout.Disk];

    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        int count = values.CountOf(VolumeName.Section) ?? 0;
        if (count > VolumeSettingsJson.MostVolumes)
        {
            errors.Add(values.HeaderOf(VolumeName.Section), VolumeName.Section, $"{count} volumes, at most {VolumeSettingsJson.MostVolumes}", "use fewer and larger ones");
        }

        CheckNames(count, values, errors);
        for (int i = 0; i < count; i++)
        {
            CheckEncryption(i, values, errors);
            CheckSize(i, values, errors);
            CheckRecovery(i, values, errors);
            if (values.IsGood(VolumeGrow, i) && values.Get(VolumeGrow, i) && i < count - 1)
            {
                errors.Add(values.ValuePlaceOf(VolumeGrow, i), VolumeGrow.FullName, "only the last volume can grow", "move this volume to the end, or remove grow");
            }

            if (values.IsGood(VolumeMountOptions, i) && !VolumeRules.IsMountOptions(string.Join(',', values.Get(VolumeMountOptions, i))))
            {
                errors.Add(values.ValuePlaceOf(VolumeMountOptions, i), VolumeMountOptions.FullName, "too many options for one mount", "use fewer words");
            }
        }
    }

    /// <summary>The smallest size of a volume, in bytes.</summary>
    internal static long SmallestSize(string fileSystem, bool encrypted) => !encrypted ? _smallest[fileSystem]
        : fileSystem == "xfs" ? _smallest[fileSystem] + LuksHeader
        : Math.Max(_smallest[fileSystem], SmallestEncrypted);

    /// <summary>
    /// The smallest volume that can be encrypted with what it holds, in bytes: the file system gives 48 MiB up, and the kernel makes
    /// no btrfs smaller than 256 MiB (fs/btrfs/ioctl.c, btrfs_ioctl_resize).
    /// </summary>
    private static long SmallestInPlace(string fileSystem) => (fileSystem == "btrfs" ? 304 : 97) * Mebi;

    /// <summary>The volumes that are surely encrypted.</summary>
    internal static IEnumerable<int> Encrypted(ManifestValues values) => Enumerable.Range(0, values.CountOf(VolumeName.Section) ?? 0)
        .Where(i => values.IsUsable(VolumeEncrypt, i) && values.Get(VolumeEncrypt, i) != VolumeEncryption.None);

    private static void CheckNames(int count, ManifestValues values, ManifestErrors errors)
    {
        var before = new Dictionary<string, Place>(StringComparer.Ordinal);
        foreach (int i in Enumerable.Range(0, count).Where(i => values.IsGood(VolumeName, i)))
        {
            string name = values.Get(VolumeName, i);
            Place place = values.ValuePlaceOf(VolumeName, i);
            if (_takenNames.Contains(name))
            {
                errors.Add(place, VolumeName.FullName, $"\"{name}\" is taken by the image itself", $"choose another name than {string.Join(", ", _takenNames)}");
            }
            else if (!before.TryAdd(name, place))
            {
                errors.Add(place, VolumeName.FullName, $"\"{name}\" is another volume's name already, in {before[name].InWords}", "give each volume its own name");
            }
        }
    }

    private static void CheckEncryption(int i, ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsUsable(VolumeEncrypt, i))
        {
            return;
        }

        VolumeEncryption encryption = values.Get(VolumeEncrypt, i);
        if (values.IsUsable(VolumeFileSystem, i) && values.Get(VolumeFileSystem, i) == "xfs"
            && encryption is VolumeEncryption.Reencrypt or VolumeEncryption.FormatIfEmpty)
        {
            errors.Add(values.ValuePlaceOf(VolumeEncrypt, i), VolumeEncrypt.FullName,
                $"\"{VolumeSettingsJson.Name(encryption)}\" encrypts in place, and xfs cannot be made smaller for the header",
                "use encrypt = \"format\", or file-system = \"btrfs\" or \"ext4\"");
        }

        if (encryption == VolumeEncryption.None)
        {
            foreach (ManifestKey key in (ManifestKey[])[VolumeOnUnlockFailure, VolumeRecoveryKey, VolumeEscrowProgram])
            {
                if (values.PlaceOf(key, i) is { } place)
                {
                    errors.Add(place, key.FullName, $"the volume is not encrypted, by encrypt = \"none\" in {values.PlaceOf(VolumeEncrypt, i)!.Value.InWords}", $"remove {key.Name}, or encrypt the volume");
                }
            }
        }
    }

    private static void CheckSize(int i, ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsGood(VolumeSize, i) || !values.IsUsable(VolumeFileSystem, i) || !values.IsUsable(VolumeEncrypt, i))
        {
            return;
        }

        long size = values.Get(VolumeSize, i);
        string fileSystem = values.Get(VolumeFileSystem, i);
        bool encrypted = values.Get(VolumeEncrypt, i) != VolumeEncryption.None;
        bool inPlace = values.Get(VolumeEncrypt, i) is VolumeEncryption.Reencrypt or VolumeEncryption.FormatIfEmpty;
        long smallest = Math.Max(SmallestSize(fileSystem, encrypted), inPlace ? SmallestInPlace(fileSystem) : 0);
        if (size < smallest)
        {
            errors.Add(values.ValuePlaceOf(VolumeSize, i), VolumeSize.FullName,
                $"\"{Forms.ShowSize(size)}\" is too small for {(encrypted ? "encrypted " : "")}{fileSystem}{(inPlace ? " that is encrypted in place" : "")}", $"use at least \"{Forms.ShowSize(smallest)}\"");
        }
    }

    private static void CheckRecovery(int i, ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsUsable(VolumeRecoveryKey, i) || !values.IsUsable(VolumeEncrypt, i) || values.Get(VolumeEncrypt, i) == VolumeEncryption.None)
        {
            return;
        }

        bool escrow = values.Get(VolumeRecoveryKey, i) == RecoveryKeyUse.Escrow;
        if (escrow && values.PlaceOf(VolumeEscrowProgram, i) is null)
        {
            errors.Add(values.ValuePlaceOf(VolumeRecoveryKey, i), VolumeRecoveryKey.FullName, "nothing takes the key", "set escrow-program to a program of the image");
        }
        else if (!escrow && values.PlaceOf(VolumeEscrowProgram, i) is { } place)
        {
            errors.Add(place, VolumeEscrowProgram.FullName, "there is no recovery key for it", "set recovery-key = \"escrow\", or remove escrow-program");
        }
    }
}
