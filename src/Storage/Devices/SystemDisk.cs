using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Efi;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Devices;

/// <summary>The disk this system was booted from. No other disk is looked at afterwards, whatever it carries.</summary>
/// <param name="Device">The whole disk.</param>
/// <param name="Reading">Its partition table, and how good the copies are.</param>
public sealed record SystemDisk(BlockDevice Device, GptReading Reading)
{
    /// <summary>Its partition table, as it was when the disk came.</summary>
    public GptTable Table => Reading.Table;

    /// <summary>
    /// Waits for the disk that has the boot loader's partition; without that hint, for the one that has this image. Disks with the
    /// same partition table (a clone) are told apart by where the firmware found its boot loader.
    /// </summary>
    /// <exception cref="BootException">None came in time, or several remain.</exception>
    public static SystemDisk WaitFor(
        DeviceMonitor devices, Guid? loaderPartition, EfiBootOption? bootHardware, BootConfiguration settings, Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(devices);
        var known = new Dictionary<string, SystemDisk?>();
        return devices.WaitFor(
            () => Choose(Candidates(known, loaderPartition, settings), bootHardware, loaderPartition),
            deadline,
            () => new BootException(
                loaderPartition is { } id
                    ? $"no disk with the boot loader's partition {id} came in time; disks: {Names(known.Keys)}"
                    : $"no disk with image {settings.ImageUuid} came in time; disks: {Names(known.Keys)}",
                hint: "is the disk's driver among kernel.modules of the manifest?"));
    }

    /// <summary>The same disk in the running system, by its node; false with an error when it is not there or has no partition table.</summary>
    public static bool TryOpen(string path, [NotNullWhen(true)] out SystemDisk? value, out ParseError error)
    {
        value = null;
        foreach (BlockDevice disk in BlockDevice.All())
        {
            if (disk.PartitionNumber == 0 && disk.Path == path)
            {
                if (DiskTable.TryRead(disk, out GptReading? reading, out error))
                {
                    value = new(disk, reading);
                }

                return value is not null;
            }
        }

        error = new("there is no such disk");
        return false;
    }

    /// <summary>The node of one of its partitions, or null while the kernel has not made it yet.</summary>
    public BlockDevice? FindNode(Partition partition)
    {
        ArgumentNullException.ThrowIfNull(partition);
        return Device.FindPartition(partition.Number);
    }

    private static List<SystemDisk> Candidates(Dictionary<string, SystemDisk?> known, Guid? loaderPartition, BootConfiguration settings)
    {
        foreach (BlockDevice disk in BlockDevice.All())
        {
            if (disk.PartitionNumber == 0 && !known.ContainsKey(disk.Name))
            {
                known[disk.Name] = DiskTable.TryRead(disk, out GptReading? reading, out ParseError _) ? new(disk, reading) : null;
            }
        }

        var candidates = new List<SystemDisk>();
        foreach (SystemDisk? disk in known.Values)
        {
            if (disk is not null && (loaderPartition is { } id ? disk.HasPartition(id) : RootPartition.IsOn(disk, settings)))
            {
                candidates.Add(disk);
            }
        }

        return candidates;
    }

    private static SystemDisk? Choose(List<SystemDisk> candidates, EfiBootOption? bootHardware, Guid? loaderPartition)
    {
        if (candidates.Count > 1 && bootHardware is not null && candidates.FindAll(disk => bootHardware.Contains(disk.Device.SysfsPath)) is [var booted])
        {
            return booted;
        }

        return candidates.Count switch
        {
            0 => null,
            1 => candidates[0],
            _ => throw new BootException(
                loaderPartition is { } id
                    ? $"several disks have the boot loader's partition {id}: {Names(candidates.ConvertAll(disk => disk.Device.Name))}"
                    : $"several disks have this image: {Names(candidates.ConvertAll(disk => disk.Device.Name))}",
                hint: "take out the clone, or give its partitions new GUIDs (sgdisk -G)"),
        };
    }

    private bool HasPartition(Guid id)
    {
        foreach (Partition partition in Table.Partitions)
        {
            if (partition.Id == id)
            {
                return true;
            }
        }

        return false;
    }

    private static string Names(IEnumerable<string> names)
    {
        var sorted = new List<string>(names);
        sorted.Sort(StringComparer.Ordinal);
        return sorted.Count == 0 ? "none" : string.Join(", ", sorted);
    }
}
