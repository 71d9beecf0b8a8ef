using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Snapshots;

/// <summary>The record of a volume, on its device.</summary>
internal static class SnapshotRecordStore
{
    /// <summary>The record that counts; null if the device has none.</summary>
    /// <exception cref="BootException">Both copies are damaged, or it cannot be read.</exception>
    internal static SnapshotRecord? Read(SafeFileHandle device, SnapshotLayout layout, string path)
    {
        byte[] slots = new byte[SnapshotRecord.Size];
        KernelFile.ReadAt(device, layout.RecordOffset, slots, path);
        if (!SnapshotRecord.TryFind(slots, out SnapshotRecord? record, out ParseError error) && error.IsError)
        {
            throw new BootException(
                $"whose data the volume holds cannot be told: {error}", path,
                $"zeros over the {SnapshotRecord.Size} bytes at byte {layout.RecordOffset} give the volume, without what was on trial, to the image that boots");
        }

        return record;
    }

    /// <summary>
    /// Writes a record, and the same once more over the one before it: the new state holds from the first of both on, and from the second
    /// on neither copy alone is needed.
    /// </summary>
    /// <returns>What is on the device now.</returns>
    internal static SnapshotRecord Write(SafeFileHandle device, SnapshotLayout layout, SnapshotRecord record, string path)
    {
        WriteSlot(device, layout, record, path);
        SnapshotRecord again = record.Again();
        WriteSlot(device, layout, again, path);
        return again;
    }

    /// <summary>
    /// Looks for the record of a merge that was cut, without the superblock: such a merge writes that too, and may have been cut within
    /// it. The record can be at each whole MiB, and is near the end of most devices. One that says where it is, in front of a store that
    /// the kernel takes, is no chance.
    /// </summary>
    /// <param name="device">The open device.</param>
    /// <param name="path">Its name.</param>
    /// <param name="work">Called now and then.</param>
    internal static SnapshotRecord? FindMerging(SafeFileHandle device, string path, Action work)
    {
        const int StepsBetweenCalls = 256;
        long length = KernelFile.LengthOf(device, path);
        byte[] slots = new byte[SnapshotRecord.Size];
        byte[] store = new byte[CowHeader.Size];
        for (long step = (length / SnapshotLayout.Unit) - 1; step > 0; step--)
        {
            if (step % StepsBetweenCalls == 0)
            {
                work();
            }

            long at = step * SnapshotLayout.Unit;
            KernelFile.ReadAt(device, at, slots, path);
            if (SnapshotRecord.TryFind(slots, out SnapshotRecord? record, out _) && record.State == SnapshotState.Merging
                && record.AreaOffset == at + SnapshotLayout.Unit && record.AreaOffset + record.AreaLength <= length
                && KernelFile.ReadAt(device, record.AreaOffset, store, path) == store.Length
                && CowHeader.TryParse(store, out CowHeader header, out _) && header is { IsNew: false, IsValid: true })
            {
                return record;
            }
        }

        return null;
    }

    /// <summary>Takes the record away.</summary>
    internal static void Erase(SafeFileHandle device, SnapshotLayout layout, string path)
    {
        KernelFile.WriteAt(device, layout.RecordOffset, new byte[SnapshotRecord.Size], path);
        KernelFile.Sync(device, path);
    }

    private static void WriteSlot(SafeFileHandle device, SnapshotLayout layout, SnapshotRecord record, string path)
    {
        KernelFile.WriteAt(device, layout.RecordOffset + (record.Slot * SnapshotRecord.SlotSize), record.ToSlot(), path);
        KernelFile.Sync(device, path);
    }
}
