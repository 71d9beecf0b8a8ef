using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Control.Trial;

/// <summary>
/// What becomes of systemd-boot's entries. A power cut within a rename leaves a file under both names, or under one of them; whichever it is, the
/// loader has a whole kernel, since the other slot's is not touched.
/// </summary>
internal static class KernelEntries
{
    /// <summary>An image has proved itself: its kernel is not counted any more.</summary>
    /// <exception cref="SyscallException">The partition cannot be mounted or written.</exception>
    internal static void Confirm(LoaderEnvironment environment, BootEntryName entry) =>
        Change(environment.Device, directory => KernelFile.Rename($"{directory}/{entry}", $"{directory}/{entry with { TriesLeft = null, TriesDone = 0 }}"));

    /// <summary>A slot is about to be written: its kernel must not be started any more, not even as the last way out.</summary>
    /// <exception cref="SyscallException">The partition cannot be mounted or written.</exception>
    internal static void Retire(RunningImage image, BootSlot slot)
    {
        var retired = new List<LoaderEnvironment>();
        foreach (LoaderEnvironment environment in image.Environments)
        {
            if (environment.Entry?.Slot == slot)
            {
                retired.Add(environment);
            }
        }

        if (retired.Count > 0)
        {
            Change(retired[0].Device, directory => retired.ForEach(environment => KernelFile.Remove($"{directory}/{environment.Entry}")));
        }
    }

    /// <summary>A slot is written: its kernel is tried once, by the next boot.</summary>
    /// <exception cref="ControlException">Nothing may be installed now.</exception>
    /// <exception cref="SyscallException">The partition cannot be mounted or written, or no kernel was written there.</exception>
    internal static void Install(RunningImage image, BootSlot slot)
    {
        if (slot == image.Slot || image.HasSuccessor || image.IsOnTrial || !image.IsNext)
        {
            throw new ControlException($"the kernel of {slot.Root} cannot be installed now", "initruntime-ctl prepare-update says why");
        }

        uint revision = 0;
        foreach (LoaderEnvironment environment in image.Environments)
        {
            revision = Math.Max(revision, environment.Entry?.Revision ?? 0);
        }

        BlockDevice device = image.Environments[0].Device;
        Change(device, directory => KernelFile.Rename(
            $"{directory}/{BootEntryName.Unfinished}", $"{directory}/{new BootEntryName(revision + 1, slot, TriesLeft: 1)}"));
    }

    private static void Change(BlockDevice device, Action<string> change)
    {
        using LoaderMount mount = LoaderMount.Open(device);
        KernelFile.SyncFileSystem(mount.Path);
        change($"{mount.Path}/{BootEntryName.Directory}");
        KernelFile.SyncFileSystem(mount.Path);
    }
}
