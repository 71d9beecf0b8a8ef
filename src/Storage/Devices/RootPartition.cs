using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Gpt;
using InitRuntime.Formats.Verity;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Devices;

/// <summary>The partition of the boot disk that says it holds this image. Its hash proves it later.</summary>
/// <param name="Device">Its node.</param>
/// <param name="Slot">Its GPT label.</param>
public sealed record RootPartition(BlockDevice Device, string Slot)
{
    /// <summary>Finds it as soon as the kernel has made the nodes of all root slots.</summary>
    /// <exception cref="BootException">No slot holds this image: what was found in each.</exception>
    public static RootPartition WaitFor(DeviceMonitor devices, SystemDisk disk, BootConfiguration settings, Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(settings);
        List<Partition> slots = Slots(disk, settings);
        if (slots.Count == 0)
        {
            throw new BootException(
                $"no partition is called {string.Join(" or ", settings.Root.SlotLabels)}", disk.Device.Path, "was the whole disk image written?");
        }

        return devices.WaitFor(
            () => Find(disk, slots, settings),
            deadline,
            () => new BootException("the kernel made no nodes for the root slots in time", disk.Device.Path));
    }

    /// <summary>What the other slots hold. Read when it is asked for: a usual boot does not need it.</summary>
    public IReadOnlyList<SlotImage> ReadOthers(SystemDisk disk, BootConfiguration settings)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(settings);
        var others = new List<SlotImage>();
        foreach (Partition slot in Slots(disk, settings))
        {
            if (slot.Label != Slot && disk.FindNode(slot) is { } node)
            {
                others.Add(SlotImage.Read(slot.Label, node));
            }
        }

        return others;
    }

    /// <summary>Whether a disk has this image in one of its root slots; false while its partitions are not there yet.</summary>
    internal static bool IsOn(SystemDisk disk, BootConfiguration settings) =>
        Slots(disk, settings).Exists(slot => disk.FindNode(slot) is { } node && Read(node, settings, out _) == settings.ImageUuid);

    private static RootPartition? Find(SystemDisk disk, List<Partition> slots, BootConfiguration settings)
    {
        var found = new List<string>();
        foreach (Partition slot in slots)
        {
            if (disk.FindNode(slot) is not { } node)
            {
                return null;
            }

            Guid? uuid = Read(node, settings, out ParseError error);
            if (uuid == settings.ImageUuid)
            {
                return new(node, slot.Label);
            }

            found.Add($"{slot.Label} has {(uuid is { } other ? $"image {other}" : $"none ({error})")}");
        }

        throw new BootException(
            $"image {settings.ImageUuid} is in no root slot: {string.Join(", ", found)}",
            disk.Device.Path,
            "the root file system and the UKI must come from the same build");
    }

    private static List<Partition> Slots(SystemDisk disk, BootConfiguration settings)
    {
        var slots = new List<Partition>();
        foreach (string label in settings.Root.SlotLabels)
        {
            if (disk.Table.FindLabel(label) is { } slot)
            {
                slots.Add(slot);
            }
        }

        return slots;
    }

    private static Guid? Read(BlockDevice node, BootConfiguration settings, out ParseError error)
    {
        byte[] sector = new byte[VeritySuperblock.Size];
        try
        {
            using SafeFileHandle device = KernelFile.Open(node.Path);
            if (KernelFile.ReadAt(device, settings.Root.Verity.HashOffset, sector, node.Path) < sector.Length)
            {
                error = new("too small for it");
                return null;
            }
        }
        catch (SyscallException e)
        {
            error = new(e.Message);
            return null;
        }

        return VeritySuperblock.TryParse(sector, out VeritySuperblock? superblock, out error) ? superblock.Uuid : null;
    }
}
