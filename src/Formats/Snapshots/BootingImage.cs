using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.Snapshots;

/// <summary>What is known of the images when a volume is opened.</summary>
/// <param name="Uuid">The image that boots.</param>
/// <param name="OnTrial">Whether it still has to prove itself; null if that cannot be told.</param>
/// <param name="InSlots">The images in the root slots.</param>
/// <param name="EverySlotRead">Whether each slot could be read: only then an image that is not among them is in none.</param>
public sealed record BootingImage(Guid Uuid, bool? OnTrial, IReadOnlyList<Guid> InSlots, bool EverySlotRead)
{
    /// <summary>Whether an image is in a slot; null if that cannot be told.</summary>
    internal bool? IsInSlot(Guid image)
    {
        for (int i = 0; i < InSlots.Count; i++)
        {
            if (InSlots[i] == image)
            {
                return true;
            }
        }

        return EverySlotRead ? false : null;
    }
}
