using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Snapshots;

public sealed class SnapshotRecordTests
{
    private const int Sector = 512;

    private static readonly Guid _a = Guid.Parse("aaaaaaaa-1111-2222-3333-444444444444");
    private static readonly Guid _b = Guid.Parse("bbbbbbbb-1111-2222-3333-444444444444");
    private static readonly SnapshotLayout _layout = new(64 << 20, 16 << 20);
    private static readonly SnapshotRecord _first = SnapshotRecord.First(_a, _layout, 4096);

    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        SnapshotRecord trial = _first.Begin(_b, _layout, 4096);
        foreach (SnapshotRecord record in (SnapshotRecord[])[_first, _first.Again(), trial, trial.Merge(), trial.Settle(_b), trial.Merge().Settle(_b)])
        {
            Assert.True(SnapshotRecord.TryParse(record.ToSlot(), out SnapshotRecord? read, out ParseError error), error.Message);
            Assert.Equal(record, read);
        }
    }

    [Fact]
    public void The_bytes_on_the_disk_stay_as_they_are()
    {
        byte[] slot = _first.Begin(_b, _layout, 4096).ToSlot();
        Assert.Equal(
            "696e697472756e74696d652d736e617001000000020000000200000000000000"
            + "aaaaaaaa111122223333444444444444bbbbbbbb111122223333444444444444"
            + "00001004000000000000000100000000"
            + "00100000",
            Convert.ToHexStringLower(slot.AsSpan(0, 84)));
        Assert.False(slot.AsSpan(84, SnapshotRecord.SlotSize - 84 - 32).ContainsAnyExcept((byte)0));
        Assert.Equal(Digest.Of(DigestAlgorithm.Sha256, slot.AsSpan(0, SnapshotRecord.SlotSize - 32)), slot[^32..]);
    }

    [Fact]
    public void No_damage_at_all_leaves_a_record()
    {
        byte[] slot = _first.Begin(_b, _layout, 4096).ToSlot();
        Hostile.EveryPrefixAndEveryDamagedByte(slot, bytes =>
        {
            bool isWhole = bytes.SequenceEqual(slot);
            Assert.Equal(isWhole, SnapshotRecord.TryParse(bytes, out _, out _));
            return isWhole;
        });
    }

    [Fact]
    public void A_checksum_that_is_right_makes_no_record_of_hostile_bytes_dangerous()
    {
        // The rest is zeros that nobody reads.
        byte[] slot = _first.Begin(_b, _layout, 4096).ToSlot();
        Hostile.EveryPrefixAndEveryDamagedByte(slot.AsSpan(0, 84), bytes =>
        {
            byte[] whole = (byte[])slot.Clone();
            bytes.CopyTo(whole);
            Digest.Of(DigestAlgorithm.Sha256, whole.AsSpan(0, SnapshotRecord.SlotSize - 32), whole.AsSpan(SnapshotRecord.SlotSize - 32));
            return SnapshotRecord.TryParse(whole, out SnapshotRecord? record, out _)
                && record.Again().Sequence > record.Sequence && record.AreaOffset + record.AreaLength > 0;
        });
    }

    [Fact]
    public void A_write_that_is_cut_at_any_sector_leaves_the_record_before_it()
    {
        // Each record as it follows on a real volume, both copies; what is in the slot before is three records old.
        var history = new List<SnapshotRecord> { _first, _first.Again() };
        SnapshotRecord last = history[^1];
        foreach (Func<SnapshotRecord, SnapshotRecord> change in (Func<SnapshotRecord, SnapshotRecord>[])
            [r => r.Begin(_b, _layout, 4096), r => r.Merge(), r => r.Settle(_b), r => r.Begin(_a, _layout, 4096), r => r.Settle(_b)])
        {
            history.Add(change(last));
            history.Add(history[^1].Again());
            last = history[^1];
        }

        byte[] slots = new byte[SnapshotRecord.Size];
        SnapshotRecord? before = null;
        foreach (SnapshotRecord record in history)
        {
            byte[] slot = record.ToSlot();
            byte[] torn = (byte[])slots.Clone();
            for (int at = 0; at < SnapshotRecord.SlotSize; at += Sector)
            {
                // Up to here it is written: the record before it counts, or there is none.
                Assert.Equal(before is not null, SnapshotRecord.TryFind(torn, out SnapshotRecord? found, out ParseError error));
                Assert.Equal(before, found);
                Assert.False(error.IsError);
                slot.AsSpan(at, Sector).CopyTo(torn.AsSpan((record.Slot * SnapshotRecord.SlotSize) + at));
            }

            // Sectors reach the disk in any order: the first ones may be the last.
            torn = (byte[])slots.Clone();
            for (int at = SnapshotRecord.SlotSize - Sector; at >= 0; at -= Sector)
            {
                SnapshotRecord.TryFind(torn, out SnapshotRecord? found, out _);
                Assert.Equal(before, found);
                slot.AsSpan(at, Sector).CopyTo(torn.AsSpan((record.Slot * SnapshotRecord.SlotSize) + at));
            }

            slots = torn;
            Assert.True(SnapshotRecord.TryFind(slots, out SnapshotRecord? now, out _));
            Assert.Equal(record, now);
            before = record;
        }
    }

    [Fact]
    public void Two_damaged_copies_are_an_error_and_no_copy_is_none()
    {
        Assert.False(SnapshotRecord.TryFind(new byte[SnapshotRecord.Size], out _, out ParseError error));
        Assert.False(error.IsError);
        byte[] old = new byte[SnapshotRecord.Size];
        old.AsSpan().Fill(0xa5);
        Assert.False(SnapshotRecord.TryFind(old, out _, out error));
        Assert.False(error.IsError);

        byte[] slots = [.. _first.Again().ToSlot(), .. _first.ToSlot()];
        slots[100] ^= 1;
        Assert.True(SnapshotRecord.TryFind(slots, out _, out _));
        slots[SnapshotRecord.SlotSize + 100] ^= 1;
        Assert.False(SnapshotRecord.TryFind(slots, out _, out error));
        Assert.Equal("both copies of the record are damaged: wrong SHA-256 digest; wrong SHA-256 digest", error.Message);
        Assert.False(SnapshotRecord.TryFind(slots.AsSpan(1), out _, out error));
        Assert.Equal("the record is cut short", error.Message);
    }

    [Fact]
    public void A_record_in_the_other_ones_slot_does_not_count()
    {
        byte[] slots = [.. _first.ToSlot(), .. new byte[SnapshotRecord.SlotSize]];
        Assert.False(SnapshotRecord.TryFind(slots, out _, out _));
    }

    [Theory]
    [InlineData(0, 0x49, "no record magic")]
    [InlineData(16, 2, "version 2, only 1 is known")]
    [InlineData(20, 4, "state 4")]
    [InlineData(20, 0, "state 0")]
    [InlineData(20, 1, "an image on trial that does not fit the state")]
    [InlineData(31, 0x80, "sequence 9223372036854775810")]
    [InlineData(71, 0x80, "a copy-on-write area of 16777216 bytes at 9223372036922933248")]
    [InlineData(79, 0x80, "a copy-on-write area of 9223372036871553024 bytes at 68157440")]
    [InlineData(75, 0, "a copy-on-write area of 0 bytes at 68157440")]
    [InlineData(80, 1, "chunks of 4097 bytes")]
    [InlineData(81, 0, "chunks of 0 bytes")]
    public void Each_field_that_is_wrong_is_named(int offset, int value, string expected)
    {
        byte[] slot = _first.Begin(_b, _layout, 4096).ToSlot();
        slot[offset] = (byte)value;
        AssertRefused(slot, expected);
    }

    [Fact]
    public void Images_that_do_not_fit_are_named()
    {
        byte[] slot = _first.Begin(_b, _layout, 4096).ToSlot();
        slot.AsSpan(32, 16).Clear();
        AssertRefused(slot, "no owner");
        slot = _first.Begin(_a, _layout, 4096).ToSlot();
        AssertRefused(slot, "an image on trial that does not fit the state");
        slot = _first.ToSlot();
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(20), (uint)SnapshotState.Merging);
        AssertRefused(slot, "an image on trial that does not fit the state");
    }

    private static void AssertRefused(byte[] slot, string expected)
    {
        Digest.Of(DigestAlgorithm.Sha256, slot.AsSpan(0, SnapshotRecord.SlotSize - 32), slot.AsSpan(SnapshotRecord.SlotSize - 32));
        Assert.False(SnapshotRecord.TryParse(slot, out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }
}
