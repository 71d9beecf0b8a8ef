using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Control.Trial;

/// <summary>
/// Where an update may be written now: links in a directory, called as the partitions of that slot. An updater that goes by them can meet
/// neither the image that runs nor one that the loader returns to.
/// </summary>
internal static class UpdateSlot
{
    private const int DirectoryMode = 0x1ed; // 0755

    /// <summary>Makes the links, or takes them away where nothing may be written.</summary>
    /// <param name="say">Takes a line about what was repaired.</param>
    /// <param name="retire">Whether the slot is written now: then systemd-boot must not start what is there any more.</param>
    /// <returns>The slot.</returns>
    /// <exception cref="ControlException">Why nothing may be written now.</exception>
    internal static BootSlot Prepare(Action<string> say, bool retire = false)
    {
        var problems = new List<string>();
        RunningImage image = RunningImage.Read(problems);
        if (LoaderEnvironments.Missing(image.Disk, image.Environments) is { } missing)
        {
            EnvironmentRepair.Make(missing, say);
            problems.Clear();
            image = RunningImage.Read(problems);
        }

        if (Reason(image, problems) is var (reason, hint))
        {
            Keep(BootSlots.UpdateLinks, []);
            throw new ControlException($"no update can be installed now: {reason}", hint);
        }

        BootSlot slot = BootSlots.OtherThan(image.Slot);
        if (retire)
        {
            KernelEntries.Retire(image, slot);
        }

        Keep(BootSlots.RunningLinks, Links(image.Disk, image.Slot, "root", "boot"));
        Keep(BootSlots.UpdateLinks, Links(image.Disk, slot, slot.Root, slot.Boot));
        return slot;
    }

    private static (string Reason, string? Hint)? Reason(RunningImage image, List<string> problems) =>
        // A device that was never updated has one entry of systemd-boot; EFI Boot Guard has two environments from the beginning.
        image.Environments.Count != BootSlots.All.Count && !image.HasEntries
            ? ($"of the loader's environments {image.Environments.Count} can be read, wanted {BootSlots.All.Count}{(problems.Count > 0 ? $": {string.Join("; ", problems)}" : "")}",
                "with one the loader starts an update that it cannot return from")
        : image.HasSuccessor ? ("an image is installed already and started by the next boot", "restart the device first")
        : !image.IsNext ? ($"the loader starts {image.Next?.Value.KernelFile ?? "nothing"} next, and the image that runs is in {image.Slot.Root}", "restart the device first")
        : image.IsOnTrial ? ("the image that runs is on trial", "it is confirmed once the device has booted well: systemctl status initruntime-confirm.service")
        : null;

    private static Dictionary<string, string> Links(SystemDisk disk, BootSlot slot, string root, string boot) => new()
    {
        [root] = NodeOf(disk, disk.Table.FindLabel(slot.Root), slot.Root),
        [boot] = NodeOf(disk, BootEntries.PartitionOf(disk, slot), slot.Boot),
    };

    private static string NodeOf(SystemDisk disk, Partition? partition, string label) => partition is not null && disk.FindNode(partition) is { } node
        ? node.Path
        : throw new ControlException($"the boot disk {disk.Device.Path} has no partition {label}");

    /// <summary>Leaves these links there and nothing else.</summary>
    private static void Keep(string directory, Dictionary<string, string> links)
    {
        KernelFile.MakePath(directory, DirectoryMode);
        foreach (DirectoryEntry entry in DirectoryListing.Read(directory))
        {
            if (!links.ContainsKey(entry.Name))
            {
                KernelFile.Remove($"{directory}/{entry.Name}");
            }
        }

        foreach ((string name, string node) in links)
        {
            SymbolicLink.Replace($"{directory}/{name}", node);
        }
    }
}
