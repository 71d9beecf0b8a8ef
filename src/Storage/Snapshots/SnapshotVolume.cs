using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Snapshots;

/// <summary>
/// A volume whose data are kept apart for each image by the kernel's dm-snapshot: an image on trial changes a snapshot, and the volume
/// itself stays what it was. What becomes of it stands in a record behind the file system; each step is on the disk before the next.
/// </summary>
/// <param name="control">Device-mapper.</param>
/// <param name="device">The node of the volume: its partition, or its open LUKS device.</param>
/// <param name="name">The volume's name: that of the devices begins with it.</param>
/// <param name="fileSystemLength">By the superblock on the device, in bytes.</param>
/// <param name="areaLength">Length of the copy-on-write area that this image wants, in whole MiB, in bytes.</param>
/// <param name="needKernel">Called before a snapshot is activated: loads <see cref="Module"/>, which a usual boot does not need.</param>
/// <param name="feed">Feeds the watchdog, while a merge goes on.</param>
/// <param name="log">Takes a line for people, without the volume's name.</param>
public sealed class SnapshotVolume(
    DmControl control, string device, string name, long fileSystemLength, long areaLength, Action needKernel, Action feed, Action<string> log)
{
    /// <summary>The kernel module of both targets.</summary>
    public const string Module = "dm_snapshot";

    /// <summary>What is copied as a whole, in bytes: a page, since that is what file systems write.</summary>
    private const int ChunkSize = 4096;

    private static readonly TimeSpan _shortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _timeBetweenLines = TimeSpan.FromSeconds(5);

    private string SnapshotName => SnapshotDevices.NameOf(name);

    private string SnapshotPath => $"/dev/mapper/{SnapshotName}";

    /// <summary>Does what the record and the images ask for, up to the device that can be mounted.</summary>
    /// <exception cref="BootException">It does not fit; the area was full; the record or the area is damaged; the kernel refuses; or what
    /// is to be done hangs on a root slot that could not be read.</exception>
    public SnapshotOutcome Open(BootingImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        SnapshotLayout layout = Layout(handle, fileSystemLength);
        SnapshotRecord? record = Read(handle, layout);
        SnapshotAction? before = null;
        Guid? dropped = null;
        while (true)
        {
            if (!SnapshotPlan.TryNext(record, image, out SnapshotStep step, out ParseError error))
            {
                throw new BootException($"volume {name}: {error}", device);
            }

            switch (step)
            {
                case SnapshotStep.Mount:
                    return new(device, before ?? SnapshotAction.Found, dropped, null);
                case SnapshotStep.Begin:
                    SnapshotRecord begun = Begin(handle, layout, record!, image.Uuid);
                    return Snapshot(begun, new(SnapshotPath, SnapshotAction.Begun, begun.Owner, before));
                case SnapshotStep.Continue:
                    CheckArea(handle, record!);
                    return Snapshot(record!, new(SnapshotPath, SnapshotAction.Continued, record!.Owner, null));
                case SnapshotStep.Merge:
                    record = Merge(handle, layout, record!);
                    before = SnapshotAction.Merged;
                    break;
                case SnapshotStep.Drop:
                    log($"giving up what image {record!.Trial} changed: the data are those of image {record.Owner}");
                    dropped = record.Trial;
                    record = SnapshotRecordStore.Write(handle, layout, record.Settle(record.Owner), device);
                    before = SnapshotAction.Dropped;
                    break;
                default:
                    log($"the data are those of image {image.Uuid} from now on");
                    record = SnapshotRecordStore.Write(handle, layout, SnapshotRecord.First(image.Uuid, layout, ChunkSize), device);
                    before = SnapshotAction.Settled;
                    break;
            }
        }
    }

    /// <summary>
    /// Makes the snapshot of the running system merge into the volume, once its image has proved itself. Files stay open; the file system
    /// is held for a moment. The kernel does the work from then on, and the next boot what is left of it.
    /// </summary>
    /// <param name="image">The image that runs.</param>
    /// <exception cref="BootException">It is not this image that is on trial; the area was full; or the kernel refuses.</exception>
    public void BeginMergeWhileMounted(Guid image)
    {
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        SnapshotLayout layout = Layout(handle, fileSystemLength);
        SnapshotRecord? record = Read(handle, layout);
        if (record is not { State: SnapshotState.Trial } || record.Trial != image)
        {
            throw new BootException($"volume {name} holds nothing of image {image} to be merged: {Describe(record)}", device);
        }

        string snapshot = SnapshotName;
        ReadUsage(record);
        control.Load(snapshot, [SnapshotDevices.MergeTable(record, name)], readOnly: false);
        try
        {
            control.Freeze(snapshot);
        }
        catch (SyscallException)
        {
            control.Clear(snapshot);
            ReadUsage(record);
            throw;
        }

        try
        {
            // Only now nothing more is written, so only now it is known that all of it was. An area that was full must not be merged: the
            // kernel would show the volume as it was before, under a file system that is in use.
            ReadUsage(record);
            SnapshotRecordStore.Write(handle, layout, record.Merge(), device);
        }
        catch
        {
            control.Clear(snapshot);
            control.Resume(snapshot);
            throw;
        }

        control.Resume(snapshot);
    }

    /// <summary>
    /// Ends a merge on a device whose superblock cannot be read: a merge writes that too, and a power cut may have torn it. All it takes is
    /// in the area still, and the volume is whole afterwards.
    /// </summary>
    /// <returns>False if no merge was cut: then the superblock is damaged in another way.</returns>
    /// <exception cref="BootException">It cannot be ended.</exception>
    public static bool TryEndCutMerge(DmControl control, string device, string name, Action needKernel, Action feed, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        if (SnapshotRecordStore.FindMerging(handle, device, feed) is not { } record)
        {
            return false;
        }

        log("its superblock cannot be read, and a merge was cut");
        var layout = new SnapshotLayout(record.AreaOffset - SnapshotLayout.Unit, record.AreaLength);
        new SnapshotVolume(control, device, name, layout.RecordOffset, layout.AreaLength, needKernel, feed, log).Merge(handle, layout, record);
        return true;
    }

    /// <summary>How the volume stands. It changes nothing.</summary>
    /// <exception cref="BootException">The record is damaged, or does not fit the device.</exception>
    public SnapshotStatus Status()
    {
        using SafeFileHandle handle = KernelFile.Open(device);
        SnapshotRecord? record = Read(handle, Layout(handle, fileSystemLength));
        if (control.TryStatusOf(SnapshotName) is not { } target)
        {
            return new(record?.State, record?.Owner, record?.Trial, null, null);
        }

        return SnapshotUsage.TryParse(target.Text, out SnapshotUsage usage, out ParseError error)
            ? new(record?.State, record?.Owner, record?.Trial, usage, null)
            : new(record?.State, record?.Owner, record?.Trial, null, error.Message);
    }

    /// <summary>Takes the record away, for a volume that was formatted: what the one before it held on trial is no part of it.</summary>
    /// <exception cref="BootException">It does not fit.</exception>
    public void Erase()
    {
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        SnapshotRecordStore.Erase(handle, Layout(handle, fileSystemLength), device);
    }

    /// <summary>Writes the record also to where it belongs once the file system is longer, before it is grown. At any moment one of both
    /// places counts, by the superblock.</summary>
    /// <param name="newLength">To which it will be grown, in bytes.</param>
    /// <exception cref="BootException">It does not fit, or an image is on trial: then the snapshot is mounted, which cannot grow.</exception>
    public void PrepareGrowth(long newLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(newLength, fileSystemLength);
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        SnapshotRecord? record = Read(handle, Layout(handle, fileSystemLength));
        SnapshotLayout layout = Layout(handle, newLength);
        if (record is not { State: SnapshotState.Settled })
        {
            throw new BootException($"volume {name} cannot grow: {Describe(record)}", device);
        }

        SnapshotRecordStore.Write(handle, layout, record.Settle(record.Owner) with { AreaOffset = layout.AreaOffset, AreaLength = layout.AreaLength }, device);
    }

    private static string Describe(SnapshotRecord? record) => record switch
    {
        null => "it has no record",
        { State: SnapshotState.Settled } => $"it is settled for image {record.Owner}",
        { State: SnapshotState.Trial } => $"image {record.Trial} is on trial",
        _ => $"the data of image {record.Trial} are being merged",
    };

    private SnapshotLayout Layout(SafeFileHandle handle, long length) =>
        SnapshotLayout.TryMake(length, areaLength, KernelFile.LengthOf(handle, device), out SnapshotLayout layout, out ParseError error)
            ? layout
            : throw new BootException(
                $"volume {name} has no room for snapshots: {error}", device, "make the partition larger or snapshot-size smaller; or make the file system smaller");

    /// <summary>An area of a size that another image wanted is fine; elsewhere, or past the end, it cannot be the record's own.</summary>
    private SnapshotRecord? Read(SafeFileHandle handle, SnapshotLayout layout)
    {
        SnapshotRecord? record = SnapshotRecordStore.Read(handle, layout, device);
        if (record is not null && (record.AreaOffset != layout.AreaOffset
            || record.AreaLength % SnapshotLayout.Unit != 0 || record.AreaOffset + record.AreaLength > KernelFile.LengthOf(handle, device)))
        {
            throw new BootException(
                $"volume {name}: the record's copy-on-write area of {record.AreaLength} bytes at {record.AreaOffset} does not fit the volume", device);
        }

        return record;
    }

    /// <summary>
    /// The kernel begins a store when its header is zeros, and then empties the first chunk of exceptions, in no order that a power cut
    /// would keep: old exceptions behind a new header would be taken for this image's. So both are empty before the record counts on it.
    /// </summary>
    private SnapshotRecord Begin(SafeFileHandle handle, SnapshotLayout layout, SnapshotRecord record, Guid image)
    {
        log($"image {image} begins with a snapshot of the data of image {record.Owner}");
        KernelFile.WriteAt(handle, layout.AreaOffset, new byte[2 * ChunkSize], device);
        KernelFile.Sync(handle, device);
        return SnapshotRecordStore.Write(handle, layout, record.Begin(image, layout, ChunkSize), device);
    }

    private SnapshotOutcome Snapshot(SnapshotRecord record, SnapshotOutcome outcome)
    {
        SnapshotDevices devices = Activate(record, merge: false);
        try
        {
            ReadUsage(record);
            devices.WriteUdevRecords();
            return outcome;
        }
        catch
        {
            devices.Remove(control);
            throw;
        }
    }

    private SnapshotRecord Merge(SafeFileHandle handle, SnapshotLayout layout, SnapshotRecord record)
    {
        CheckArea(handle, record);
        log($"merging what image {record.Trial} changed into the volume");
        if (record.State != SnapshotState.Merging)
        {
            record = SnapshotRecordStore.Write(handle, layout, record.Merge(), device);
        }

        SnapshotDevices devices = Activate(record, merge: true);
        try
        {
            WaitForMerge(record);
        }
        finally
        {
            devices.Remove(control);
        }

        // The devices wrote below this one, so what it remembers of the volume is old.
        BlockDeviceCache.Forget(handle, device);
        KernelFile.Sync(handle, device);
        return SnapshotRecordStore.Write(handle, layout, record.Settle(record.Trial!.Value), device);
    }

    /// <summary>
    /// The kernel tells nobody of a merge's end (dm-snap.c has an event only for a store that becomes invalid), so it is asked. The
    /// watchdog is fed only for progress: a disk that hangs must not hang the machine for ever.
    /// </summary>
    private void WaitForMerge(SnapshotRecord record)
    {
        TimeSpan pause = _shortestPause;
        Deadline nextLine = Deadline.After(_timeBetweenLines);
        long left = long.MaxValue;
        while (true)
        {
            long now = ReadUsage(record).Data;
            if (now < left)
            {
                feed();
                left = now;
            }

            if (left == 0)
            {
                return;
            }

            if (nextLine.Passed)
            {
                log($"merging: {left} sectors left");
                nextLine = Deadline.After(_timeBetweenLines);
            }

            Poll.Until(Deadline.After(pause));
            pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
        }
    }

    private SnapshotDevices Activate(SnapshotRecord record, bool merge)
    {
        needKernel();
        try
        {
            return SnapshotDevices.Activate(control, name, device, record, merge);
        }
        catch (SyscallException e)
        {
            string? hint = e.Errno switch
            {
                Errno.EBUSY => $"the device is in use, or another mapped device has a name of volume {name}",
                Errno.EINVAL => $"the kernel's lines above say why; it needs the module {Module}",
                _ => null,
            };
            throw new BootException($"the kernel refuses the snapshot of volume {name}: {e.Message}", device, hint, e);
        }
    }

    /// <summary>Looks at the area before the kernel does: of one that was full it would make a device that only fails.</summary>
    private void CheckArea(SafeFileHandle handle, SnapshotRecord record)
    {
        byte[] start = new byte[CowHeader.Size];
        KernelFile.ReadAt(handle, record.AreaOffset, start, device);
        bool isRead = CowHeader.TryParse(start, out CowHeader header, out ParseError error);
        if (isRead && !header.IsValid)
        {
            throw Full(record);
        }

        if (isRead && !header.IsNew && header.ChunkSizeInSectors != record.ChunkSize / 512)
        {
            error = new($"chunks of {header.ChunkSizeInSectors} sectors, the record says {record.ChunkSize / 512}");
        }

        if (error.IsError)
        {
            throw new BootException($"the copy-on-write area of volume {name} is damaged: {error}", device, LostHint(record));
        }
    }

    private SnapshotUsage ReadUsage(SnapshotRecord record)
    {
        string status = control.TryStatusOf(SnapshotName)?.Text ?? throw new BootException($"volume {name} has no snapshot in use", device);
        return SnapshotUsage.TryParse(status, out SnapshotUsage usage, out ParseError error) ? usage
            : throw error.Message switch
            {
                SnapshotUsage.Invalid or SnapshotUsage.Overflow => Full(record),
                SnapshotUsage.MergeFailed => new BootException(
                    $"merging the data of image {record.Trial} into volume {name} failed", device,
                    "the kernel's lines above say why; the next boot goes on with it, and nothing is lost unless the disk fails"),
                _ => new BootException($"the snapshot of volume {name} says \"{error}\"", device),
            };
    }

    private BootException Full(SnapshotRecord record) => new(
        $"the copy-on-write area of volume {name} was full: {record.AreaLength >> 20} MiB are not enough for what image {record.Trial} changed", device,
        record.State == SnapshotState.Trial ? $"raise snapshot-size; {LostHint(record)}" : LostHint(record));

    private static string LostHint(SnapshotRecord record) => record.State == SnapshotState.Trial
        ? $"what image {record.Trial} changed is lost, the data of image {record.Owner} are whole: boot that image"
        : "it is needed to end the merge that was begun: without it the volume is to be made anew";
}
