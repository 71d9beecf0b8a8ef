using InitRuntime.Formats;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Devices;

/// <summary>
/// Changes the partition table of the boot disk: a partition that is filled now or to be made anew, or that is to use the rest of a larger disk. The
/// backup copy is written first, then the primary one, each synced: a power cut leaves the old table or the new one.
/// </summary>
public sealed class PartitionEditor(SystemDisk disk)
{
    /// <summary>
    /// Writes the partition table's copies anew when one of them is damaged: the kernel uses the backup copy only if it is told to, and
    /// with the second one damaged there is none. So it is after the image was written to a larger disk.
    /// </summary>
    /// <returns>What was wrong; no error if nothing was.</returns>
    /// <exception cref="SyscallException">The disk cannot be written.</exception>
    public ParseError Repair()
    {
        ParseError problem = disk.Reading.PrimaryError.IsError ? disk.Reading.PrimaryError : disk.Reading.BackupError;
        if (problem.IsError)
        {
            Write(Read());
        }

        return problem;
    }

    /// <summary>Takes away the mark that says that a partition's content counts for nothing.</summary>
    /// <exception cref="SyscallException">The disk cannot be written.</exception>
    public void MarkFilled(string label) => Mark(label, isNew: false);

    /// <summary>Sets that mark: the next who opens the volume makes it. <see cref="SystemDisk.Table"/> does not tell it, it is of before.</summary>
    /// <exception cref="SyscallException">The disk cannot be written.</exception>
    public void MarkNewVolume(string label) => Mark(label, isNew: true);

    /// <summary>
    /// Grows the disk's last partition to the end of the disk, on the disk and in the kernel; false when there is no room, as on
    /// every boot but the first.
    /// </summary>
    /// <exception cref="SyscallException">The disk cannot be written, or the kernel does not take the new size.</exception>
    public bool TryGrow(string label)
    {
        if (!disk.Table.TryGrowLast(label, out _))
        {
            return false;
        }

        // What was read when the disk came may be old by now.
        if (!Read().TryGrowLast(label, out GptTable? grown))
        {
            return false;
        }

        Write(grown);
        Partition partition = Find(grown, label);
        using SafeFileHandle device = KernelFile.Open(disk.Device.Path, write: true);
        BlockPartition.Resize(
            device, partition.Number, partition.FirstSector * grown.SectorSize, partition.Sectors * grown.SectorSize, disk.Device.Path);
        return true;
    }

    private void Mark(string label, bool isNew)
    {
        GptTable table = Read();
        Partition partition = Find(table, label);
        PartitionAttributes others = partition.Attributes & ~PartitionAttributes.NewVolume;
        Write(table.WithPartition(partition with { Attributes = isNew ? others | PartitionAttributes.NewVolume : others }));
    }

    private static Partition Find(GptTable table, string label) =>
        table.FindLabel(label) ?? throw new BootException($"the partition table has no longer exactly one {label}");

    private GptTable Read() => DiskTable.TryRead(disk.Device, out GptReading? reading, out ParseError error)
        ? reading.Table
        : throw new BootException($"the partition table cannot be read again: {error}", disk.Device.Path);

    private void Write(GptTable table)
    {
        using SafeFileHandle device = KernelFile.Open(disk.Device.Path, write: true);
        foreach (DiskRegion region in table.ToRegions())
        {
            KernelFile.WriteAt(device, region.Offset, region.Bytes, disk.Device.Path);
            KernelFile.Sync(device, disk.Device.Path);
        }
    }
}
