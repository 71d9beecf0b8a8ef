using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Gpt;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Control.Snapshots;

/// <summary>Which image runs, and which ones are in the other slots.</summary>
/// <param name="Running">The image that runs.</param>
/// <param name="RunningSlot">GPT label of its slot.</param>
/// <param name="Others">What the others hold.</param>
/// <param name="AreKnown">Whether every slot could be read: only then an image that is not among them is in none.</param>
internal sealed record InstalledImages(Guid Running, string? RunningSlot, IReadOnlyList<SlotImage> Others, bool AreKnown)
{
    /// <summary>Reads the slots of the disk that this system booted from.</summary>
    internal static InstalledImages Read(BootReportDocument boot)
    {
        if (boot.SystemDisk is not { } path || !SystemDisk.TryOpen(path, out SystemDisk? disk, out ParseError _))
        {
            return new(boot.ImageUuid, boot.Slot, [], AreKnown: false);
        }

        var others = new List<SlotImage>();
        bool areKnown = true;
        foreach (Partition partition in disk.Table.Partitions)
        {
            if (partition.Label == boot.Slot || !IsSlot(partition.Label, boot.Slot))
            {
                continue;
            }

            SlotImage? slot = disk.FindNode(partition) is { } node ? SlotImage.Read(partition.Label, node) : null;
            areKnown &= slot is { IsReadable: true };
            if (slot is not null)
            {
                others.Add(slot);
            }
        }

        return new(boot.ImageUuid, boot.Slot, others, areKnown);
    }

    /// <summary>Where an image is.</summary>
    internal (ImagePlace Place, string? Slot) PlaceOf(Guid image)
    {
        if (image == Running)
        {
            return (ImagePlace.Running, RunningSlot);
        }

        foreach (SlotImage slot in Others)
        {
            if (slot.Image == image)
            {
                return (ImagePlace.OtherSlot, slot.Label);
            }
        }

        return (AreKnown ? ImagePlace.Orphan : ImagePlace.Unknown, null);
    }

    /// <summary>Slots are called alike but for the letter at the end: <c>root-a</c>, <c>root-b</c>.</summary>
    private static bool IsSlot(string label, string? running) =>
        running is { Length: > 1 } && label.Length == running.Length && label.AsSpan(0, label.Length - 1).SequenceEqual(running.AsSpan(0, running.Length - 1));
}
