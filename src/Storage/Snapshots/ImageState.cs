using System;
using System.Collections.Generic;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Storage.Snapshots;

/// <summary>Which image runs, and which others are installed: what decides whose data a volume shows.</summary>
/// <param name="image">UUID of the image that runs.</param>
/// <param name="onTrial">Whether the boot loader runs it on trial; null if that is not known.</param>
/// <param name="readOthers">Reads what the other root slots hold; called at most once, and only if it matters.</param>
public sealed class ImageState(Guid image, bool? onTrial, Func<IReadOnlyList<SlotImage>> readOthers)
{
    private IReadOnlyList<SlotImage>? _others;

    /// <summary>UUID of the image that runs.</summary>
    public Guid Image => image;

    /// <summary>Whether the boot loader runs it on trial; null if that is not known.</summary>
    public bool? OnTrial => onTrial;

    /// <summary>Whether the image is known to be confirmed; what is not known is not.</summary>
    public bool IsConfirmed => onTrial == false;

    /// <summary>What the other root slots hold.</summary>
    public IReadOnlyList<SlotImage> Others => _others ??= readOthers();

    /// <summary>The image of another slot: an update is always installed from there.</summary>
    public Guid? Predecessor
    {
        get
        {
            foreach (SlotImage slot in Others)
            {
                if (slot.Image is { } other && other != image)
                {
                    return other;
                }
            }

            return null;
        }
    }

    /// <summary>Whether every other slot could be read.</summary>
    public bool AllSlotsAreKnown
    {
        get
        {
            foreach (SlotImage slot in Others)
            {
                if (!slot.IsReadable)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The image of another slot, by that slot's GPT label; null if it has none, or cannot be read.</summary>
    public Guid? InSlot(string label)
    {
        foreach (SlotImage slot in Others)
        {
            if (slot.Label == label)
            {
                return slot.Image;
            }
        }

        return null;
    }

    /// <summary>Whether a slot holds an image, this one included.</summary>
    public bool IsInstalled(Guid other)
    {
        foreach (SlotImage slot in Others)
        {
            if (slot.Image == other)
            {
                return true;
            }
        }

        return other == image;
    }
}
