using System;
using System.IO;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using InitRuntime.Storage.Snapshots;
using InitRuntime.Unit.Harness;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace InitRuntime.Unit.Storage.Snapshots;

public sealed class SnapshotRecordStoreTests : IDisposable
{
    private static readonly Guid _a = Guid.Parse("aaaaaaaa-1111-2222-3333-444444444444");
    private static readonly Guid _b = Guid.Parse("bbbbbbbb-1111-2222-3333-444444444444");
    private static readonly SnapshotLayout _layout = new(4 << 20, 8 << 20);

    private readonly TemporaryDirectory _directory = new();
    private readonly string _path;
    private readonly SafeFileHandle _device;

    public SnapshotRecordStoreTests()
    {
        _path = _directory["device"];
        using (FileStream file = File.Create(_path))
        {
            file.SetLength(_layout.End);
        }

        _device = KernelFile.Open(_path, write: true);
    }

    public void Dispose()
    {
        _device.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_record_is_in_both_slots_and_survives_the_loss_of_either()
    {
        Assert.Null(SnapshotRecordStore.Read(_device, _layout, _path));
        SnapshotRecord first = SnapshotRecordStore.Write(_device, _layout, SnapshotRecord.First(_a, _layout, 4096), _path);
        SnapshotRecord written = SnapshotRecordStore.Write(_device, _layout, first.Begin(_b, _layout, 4096), _path);
        Assert.Equal(written, SnapshotRecordStore.Read(_device, _layout, _path));
        Assert.Equal(4, written.Sequence);
        foreach (int slot in (int[])[0, 1])
        {
            byte[] was = new byte[SnapshotRecord.SlotSize];
            long at = _layout.RecordOffset + (slot * SnapshotRecord.SlotSize);
            KernelFile.ReadAt(_device, at, was, _path);
            KernelFile.WriteAt(_device, at, new byte[SnapshotRecord.SlotSize], _path);
            SnapshotRecord? left = SnapshotRecordStore.Read(_device, _layout, _path);
            Assert.Equal(written with { Sequence = 0 }, left! with { Sequence = 0 });
            KernelFile.WriteAt(_device, at, was, _path);
        }
    }

    [Fact]
    public void Nothing_else_on_the_device_is_touched()
    {
        byte[] full = new byte[_layout.End];
        full.AsSpan().Fill(0x5a);
        KernelFile.WriteAt(_device, 0, full, _path);
        SnapshotRecordStore.Write(_device, _layout, SnapshotRecord.First(_a, _layout, 4096), _path);
        byte[] now = File.ReadAllBytes(_path);
        Assert.False(now.AsSpan(0, (int)_layout.RecordOffset).ContainsAnyExcept((byte)0x5a));
        Assert.False(now.AsSpan((int)_layout.RecordOffset + SnapshotRecord.Size).ContainsAnyExcept((byte)0x5a));
        SnapshotRecordStore.Erase(_device, _layout, _path);
        Assert.Null(SnapshotRecordStore.Read(_device, _layout, _path));
    }

    [Fact]
    public void Two_damaged_copies_are_named_and_not_taken_for_none()
    {
        SnapshotRecordStore.Write(_device, _layout, SnapshotRecord.First(_a, _layout, 4096), _path);
        KernelFile.WriteAt(_device, _layout.RecordOffset + 100, [1], _path);
        KernelFile.WriteAt(_device, _layout.RecordOffset + SnapshotRecord.SlotSize + 100, [1], _path);
        BootException error = Assert.Throws<BootException>(() => SnapshotRecordStore.Read(_device, _layout, _path));
        Assert.StartsWith("whose data the volume holds cannot be told: both copies of the record are damaged", error.Message, StringComparison.Ordinal);
        Assert.Contains("8192 bytes at byte 4194304", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_merge_that_was_cut_is_found_without_the_superblock()
    {
        byte[] store = Convert.FromHexString("536e4170010000000100000008000000");
        SnapshotRecord trial = SnapshotRecord.First(_a, _layout, 4096).Begin(_b, _layout, 4096);
        SnapshotRecordStore.Write(_device, _layout, trial, _path);
        KernelFile.WriteAt(_device, _layout.AreaOffset, store, _path);
        Assert.Null(Find());
        SnapshotRecord merging = SnapshotRecordStore.Write(_device, _layout, trial.Merge(), _path);
        Assert.Equal(merging, Find());

        // What only looks like one: it says that it is elsewhere, or that it reaches past the end, or no store is behind it.
        SnapshotRecordStore.Write(_device, _layout, merging.Again() with { AreaOffset = _layout.AreaOffset + SnapshotLayout.Unit }, _path);
        Assert.Null(Find());
        SnapshotRecordStore.Write(_device, _layout, merging.Again() with { AreaLength = _layout.AreaLength + SnapshotLayout.Unit, Sequence = 100 }, _path);
        Assert.Null(Find());
        SnapshotRecord again = SnapshotRecordStore.Write(_device, _layout, merging with { Sequence = 200 }, _path);
        Assert.Equal(again, Find());
        KernelFile.WriteAt(_device, _layout.AreaOffset, new byte[16], _path);
        Assert.Null(Find());
        store[4] = 0;
        KernelFile.WriteAt(_device, _layout.AreaOffset, store, _path);
        Assert.Null(Find());
    }

    private SnapshotRecord? Find() => SnapshotRecordStore.FindMerging(_device, _path, () => { });
}
