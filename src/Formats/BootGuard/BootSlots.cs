using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.BootGuard;

/// <summary>One of the two places of an image: its root, and beside it the loader's partition with the kernel and an environment.</summary>
/// <param name="Root">GPT label of the root partition.</param>
/// <param name="Boot">GPT label of the loader's partition; also what EFI Boot Guard knows it by (EFILABEL).</param>
public sealed record BootSlot(string Root, string Boot);

/// <summary>The slots of a disk. Source: the disk layout of isar-cip-core (wic/ebg-sysparts.inc), which this project keeps.</summary>
public static class BootSlots
{
    /// <summary>The kernel's file on the loader's partition of a slot.</summary>
    public const string KernelName = "linux.efi";

    /// <summary>On a running device: links to the partitions that an update may be written to, by their labels. Empty while none may.</summary>
    public const string UpdateLinks = "/run/initruntime/update";

    /// <summary>Links to root and kernel of the image that runs, from which an update by chunks takes what it does not download. Nothing is written by them.</summary>
    public const string RunningLinks = "/run/initruntime/running";

    private const char Separator = ':';

    /// <summary>In slot order.</summary>
    public static IReadOnlyList<BootSlot> All { get; } = [new("root-a", "BOOT0"), new("root-b", "BOOT1")];

    /// <summary>The slot of a root partition; null if it is called otherwise.</summary>
    public static BootSlot? OfRoot(string? label) => Find(slot => slot.Root == label);

    /// <summary>The slot whose kernel an environment starts (<c>C:BOOT0:linux.efi</c>); null if it names another place.</summary>
    public static BootSlot? OfKernel(BootGuardEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        string[] parts = environment.KernelFile.Split(Separator);
        return parts.Length == 3 ? Find(slot => slot.Boot == parts[1]) : null;
    }

    /// <summary>The other one of the two.</summary>
    public static BootSlot OtherThan(BootSlot slot) => slot == All[0] ? All[1] : All[0];

    /// <summary>
    /// What the environment should say that cannot be read, by the one that can: it starts the other slot, and the loader takes it when
    /// this one fails. Beside one that failed it is what is booted next: only a confirmed image can have been there.
    /// </summary>
    /// <returns>Null if the good one starts neither slot: then nothing is known of the other.</returns>
    public static BootGuardEnvironment? Counterpart(BootGuardEnvironment good)
    {
        ArgumentNullException.ThrowIfNull(good);
        if (OfKernel(good) is not { } slot)
        {
            return null;
        }

        string[] parts = good.KernelFile.Split(Separator);
        parts[1] = OtherThan(slot).Boot;
        return good with
        {
            KernelFile = string.Join(Separator, parts),
            InProgress = false,
            UpdateState = UpdateState.Ok,
            Revision = good.UpdateState == UpdateState.Failed ? good.Revision + 1 : Math.Max(good.Revision, 1) - 1,
        };
    }

    private static BootSlot? Find(Predicate<BootSlot> wanted)
    {
        foreach (BootSlot slot in All)
        {
            if (wanted(slot))
            {
                return slot;
            }
        }

        return null;
    }
}
