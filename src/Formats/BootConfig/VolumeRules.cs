using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.BootConfig;

/// <summary>The rules for volumes and their keys.</summary>
public static class VolumeRules
{
    /// <summary>File systems that a volume can have.</summary>
    public static readonly IReadOnlyList<string> FileSystems = ["btrfs", "ext4", "xfs"];

    /// <summary>Whether a name is fit for a GPT label, a device under /dev/mapper, and a log line.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return name.Length is >= 1 and <= VolumeSettings.MaximumNameLength && char.IsAsciiLetterLower(name[0]);
    }

    /// <summary>Whether text can be handed to mount(2) as options, one line of printable ASCII.</summary>
    public static bool IsMountOptions(string options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Length <= 1024 && !options.AsSpan().ContainsAnyExceptInRange('!', '~');
    }

    internal static ParseError Check(BootConfiguration value)
    {
        var names = new HashSet<string>();
        bool encrypted = false;
        for (int i = 0; i < value.Volumes.Count; i++)
        {
            VolumeSettings volume = value.Volumes[i];
            encrypted |= volume.Encryption != VolumeEncryption.None;
            string? wrong = !IsName(volume.Name) || !names.Add(volume.Name) || volume.Name == "root"
                    ? "name: not lower-case letters, digits and dashes, or there twice, or \"root\""
                : !BootConfigRules.IsPlainAbsolutePath(volume.MountPoint) ? "mount_point: not a plain absolute path"
                : !IsFileSystem(volume.FileSystem) ? $"file_system: \"{volume.FileSystem}\" is not known ({string.Join(", ", FileSystems)})"
                : !IsMountOptions(volume.MountOptions) ? "mount_options: not printable ASCII"
                : (volume.RecoveryKey == RecoveryKeyUse.Escrow) != (volume.EscrowProgram is not null)
                    || (volume.EscrowProgram is { } program && !BootConfigRules.IsPlainAbsolutePath(program))
                    ? "escrow_program: not a plain absolute path, or not what recovery_key says"
                : volume.Grow && i < value.Volumes.Count - 1 ? "grow: only the last volume can grow"
                : !CanEncryptInPlace(volume) ? $"encryption: {volume.FileSystem} cannot be made smaller, so it cannot be encrypted in place"
                : CheckSnapshots(value, volume);
            if (wrong is not null)
            {
                return new($"volumes[{i}].{wrong}");
            }
        }

        TpmSettings tpm = value.Tpm;
        HashSet<int> signed = [.. tpm.SignedPcrs];
        return signed.Overlaps(tpm.Pcrs) ? new("tpm.pcrs: a PCR that signed_pcrs has too")
            : encrypted && tpm is { SignedPcrs.Count: 0, Pcrs.Count: 0, Pin: false }
                ? new("tpm: keys that are bound to nothing")
            : default;
    }

    /// <summary>An encrypted volume needs room for its header, which the file system has to give.</summary>
    public static bool CanEncryptInPlace(VolumeSettings volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return volume.FileSystem != "xfs" || volume.Encryption is not (VolumeEncryption.Reencrypt or VolumeEncryption.FormatIfEmpty);
    }

    /// <summary>Whether a provider works on a file system.</summary>
    public static bool CanSnapshot(SnapshotProvider provider, string fileSystem) => provider switch
    {
        SnapshotProvider.Btrfs => fileSystem == "btrfs",
        SnapshotProvider.DmSnapshot => fileSystem is "ext4" or "xfs",
        _ => true,
    };

    /// <summary>Whether a path lies below a directory, and is not the directory itself.</summary>
    public static bool IsBelow(string path, string directory)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(directory);
        return path.Length > directory.Length + 1 && path.StartsWith(directory, StringComparison.Ordinal) && path[directory.Length] == '/';
    }

    private static string? CheckSnapshots(BootConfiguration all, VolumeSettings volume)
    {
        foreach (string path in (string[])[.. volume.SharedPaths, .. volume.ImagePaths])
        {
            // A comma would end the mount option that names the subvolume.
            if (!BootConfigRules.IsPlainAbsolutePath(path) || !IsBelow(path, volume.MountPoint) || path.Contains(','))
            {
                return $"shared_paths, image_paths: {path} is no plain path below {volume.MountPoint}";
            }

            foreach (string other in volume.SharedPaths)
            {
                if (IsBelow(path, other))
                {
                    return $"shared_paths, image_paths: {path} lies within {other}";
                }
            }
        }

        bool isDevice = volume.Snapshots == SnapshotProvider.DmSnapshot;
        return !CanSnapshot(volume.Snapshots, volume.FileSystem) ? $"snapshots: not with {volume.FileSystem}"
            : isDevice != (volume.SnapshotBytes > 0) || volume.SnapshotBytes % (1 << 20) != 0 || volume.SnapshotBytes > 1L << 44
                ? "snapshot_bytes: not whole mebibytes, or not what snapshots says"
            : volume.MinimumFreeBytes > 0 && volume.Snapshots != SnapshotProvider.Btrfs ? "minimum_free_bytes: only with btrfs"
            : volume.Snapshots == SnapshotProvider.Shared && volume.SharedPaths.Count > 0 ? "shared_paths: all of it is shared"
            : (isDevice && volume.SharedPaths.Count > 0) != (volume.SharedOn is not null) ? "shared_on: not what snapshots and shared_paths say"
            : volume.SharedOn is { } holder && !IsSharedBefore(all, volume, holder) ? $"shared_on: {holder} is no shared volume before this one"
            : null;
    }

    /// <summary>Volumes are mounted in order, so the one that holds the shared paths comes first.</summary>
    private static bool IsSharedBefore(BootConfiguration all, VolumeSettings volume, string name)
    {
        foreach (VolumeSettings other in all.Volumes)
        {
            if (other == volume)
            {
                return false;
            }

            if (other.Name == name)
            {
                return other.Snapshots == SnapshotProvider.Shared;
            }
        }

        return false;
    }

    private static bool IsFileSystem(string name)
    {
        foreach (string known in FileSystems)
        {
            if (known == name)
            {
                return true;
            }
        }

        return false;
    }
}
