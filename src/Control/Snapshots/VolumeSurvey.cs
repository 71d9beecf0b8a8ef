using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Snapshots;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Control.Snapshots;

/// <summary>Looks into the volumes of this boot. Nothing is changed.</summary>
internal static class VolumeSurvey
{
    private const int SectorSize = 512;

    private static readonly string[] _stateWords = ["none", "settled", "trial", "merging"];

    /// <summary>Whose data the volumes hold, in the order of the report.</summary>
    /// <param name="only">The name of one volume; null for all.</param>
    /// <exception cref="ControlException">There is no report of this boot, or no such volume.</exception>
    internal static IReadOnlyList<VolumeData> Read(string? only)
    {
        BootReportDocument boot = BootReportFile.Read();
        IReadOnlyList<MountedFileSystem> mounts = MountTable.Read();
        InstalledImages? installed = null;
        var volumes = new List<VolumeData>();
        foreach (VolumeReport volume in boot.Volumes)
        {
            if (only is null || volume.Name == only)
            {
                volumes.Add(volume.Snapshot?.Provider switch
                {
                    null => new SharedVolume(volume.Name, volume.MountPoint),
                    "btrfs" => SubvolumeSurvey.Read(volume, MountTable.Find(mounts, volume.MountPoint), installed ??= InstalledImages.Read(boot)),
                    _ => ReadRecord(volume),
                });
            }
        }

        if (only is not null && volumes.Count == 0)
        {
            throw ControlException.UnknownVolume(only, string.Join(", ", NamesOf(boot)));
        }

        return volumes;
    }

    private static SnapshotDeviceVolume ReadRecord(VolumeReport volume)
    {
        var found = new SnapshotDeviceVolume(volume.Name, volume.MountPoint);
        try
        {
            using var control = new DmControl();
            SnapshotStatus status = Open(control, volume).Status();
            return found with
            {
                State = status.State is { } state ? _stateWords[(int)state] : null,
                Owner = status.Owner,
                Trial = status.Trial,
                UsedBytes = (ulong?)(status.Usage?.Used * SectorSize),
                TotalBytes = (ulong?)(status.Usage?.Total * SectorSize),
                Problem = status.Problem,
            };
        }
        catch (Exception e) when (e is SyscallException or BootException)
        {
            return found with { Problem = e.Message };
        }
    }

    /// <summary>The record of a volume whose provider is dm-snapshot.</summary>
    /// <exception cref="BootException">Its file system is not recognised.</exception>
    /// <exception cref="SyscallException">The device cannot be read.</exception>
    internal static SnapshotVolume Open(DmControl control, VolumeReport volume)
    {
        string device = volume.LuksUuid is null ? volume.Device : $"/dev/mapper/{volume.Name}";
        // How long an area a new image would want is not known here, and nothing depends on it.
        return new(control, device, volume.Name, FileSystemLength(device), SnapshotLayout.Unit, () => { }, () => { }, _ => { });
    }

    private static long FileSystemLength(string device)
    {
        byte[] start = new byte[FileSystemSuperblock.RequiredLength];
        using SafeFileHandle handle = KernelFile.Open(device);
        KernelFile.ReadAt(handle, 0, start, device);
        return FileSystemSuperblock.TryFind(start, out FileSystemSuperblock? superblock, out ParseError error)
            ? superblock.LengthInBytes
            : throw new BootException($"no file system is recognised{(error.IsError ? $": {error}" : "")}", device);
    }

    private static List<string> NamesOf(BootReportDocument boot)
    {
        var names = new List<string>();
        foreach (VolumeReport volume in boot.Volumes)
        {
            names.Add(volume.Name);
        }

        return names;
    }
}
