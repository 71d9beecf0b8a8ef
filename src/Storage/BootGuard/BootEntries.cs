using System;
using System.Collections.Generic;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Efi;
using InitRuntime.Formats.Fat;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.BootGuard;

/// <summary>
/// systemd-boot's entries on the boot disk, in the words of EFI Boot Guard's environments, which the rest goes by. Nobody signs names of
/// files, so they decide no more than those.
/// </summary>
public static class BootEntries
{
    /// <summary>Whether the loader of a disk is systemd-boot: then no slot has a loader's partition of its own.</summary>
    public static bool AreOn(SystemDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        foreach (BootSlot slot in BootSlots.All)
        {
            if (disk.Table.FindLabel(slot.Boot) is not null)
            {
                return false;
            }
        }

        return disk.Table.FindLabel(BootEntryName.PartitionLabel) is not null;
    }

    /// <summary>The partition with a slot's kernel: its own, or the one that has all.</summary>
    public static Partition? PartitionOf(SystemDisk disk, BootSlot slot)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(slot);
        return disk.Table.FindLabel(slot.Boot) ?? disk.Table.FindLabel(BootEntryName.PartitionLabel);
    }

    /// <summary>Every entry that is named as the build and updates name them.</summary>
    /// <param name="disk">The boot disk.</param>
    /// <param name="report">Is told why they cannot be read.</param>
    internal static IReadOnlyList<LoaderEnvironment> Read(SystemDisk disk, Action<string> report)
    {
        var entries = new List<LoaderEnvironment>();
        if (disk.Table.FindLabel(BootEntryName.PartitionLabel) is not { } partition || disk.FindNode(partition) is not { } node)
        {
            return entries;
        }

        string? booted = ReadBooted();
        foreach (string name in ReadNames(node.Path, report))
        {
            if (BootEntryName.TryParse(name, out BootEntryName? entry))
            {
                entries.Add(new(node, partition.Label, Told(entry, name.Equals(booted, StringComparison.OrdinalIgnoreCase)), entry));
            }
        }

        return entries;
    }

    /// <summary>What an environment would say.</summary>
    internal static BootGuardEnvironment Told(BootEntryName entry, bool isBooted)
    {
        UpdateState state = entry.TriesLeft switch
        {
            null => UpdateState.Ok,
            > 0 => UpdateState.Installed,
            _ => isBooted ? UpdateState.Testing : UpdateState.Failed,
        };
        return new()
        {
            KernelFile = $"C:{entry.Slot.Boot}:{entry}",
            KernelParameters = "",
            InProgress = false,
            UpdateState = state,
            WatchdogTimeoutSeconds = 0,
            // The loader starts one that failed only if there is no other.
            Revision = state == UpdateState.Failed ? 0 : entry.Revision,
        };
    }

    /// <summary>The name that the loader gave the counted entry it started; null if it started one that is not counted.</summary>
    private static string? ReadBooted()
    {
        if (EfiVariables.TryRead("LoaderBootCountPath", EfiVendor.Loader) is not { } bytes)
        {
            return null;
        }

        string path = Encoding.Unicode.GetString(bytes).TrimEnd('\0');
        return path[(path.LastIndexOf('\\') + 1)..];
    }

    private static List<string> ReadNames(string path, Action<string> report)
    {
        var names = new List<string>();
        using SafeFileHandle device = KernelFile.Open(path);
        bool Read(long offset, Span<byte> buffer) => KernelFile.ReadAt(device, offset, buffer, path) == buffer.Length;
        if (!FatVolume.TryOpen(Read, KernelFile.LengthOf(device, path), out FatVolume? volume, out ParseError error)
            || !volume.TryReadDirectory(BootEntryName.Directory, out IReadOnlyList<FatEntry> entries, out error))
        {
            report($"{BootEntryName.Directory} on {BootEntryName.PartitionLabel} ({path}): {error}");
            return names;
        }

        foreach (FatEntry entry in entries)
        {
            if (!entry.IsDirectory)
            {
                names.Add(entry.Name);
            }
        }

        return names;
    }
}
