using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Snapshots;

/// <summary>
/// Whose data a volume holds, behind its file system. It has two slots, which are written in turn: whatever becomes of a write, the
/// record before it stands. Little endian, a SHA-256 digest at the slot's end.
/// </summary>
public sealed record SnapshotRecord
{
    /// <summary>Length of one slot, in bytes.</summary>
    public const int SlotSize = 4096;

    /// <summary>Both slots, one behind the other, in bytes.</summary>
    public const int Size = 2 * SlotSize;

    private const uint Version = 1;
    private const int DigestAt = SlotSize - 32;
    private const int MinimumChunkSize = 512;
    private const int MaximumChunkSize = 1 << 20;
    private const ulong MaximumSequence = 1UL << 62;

    private static ReadOnlySpan<byte> Magic => "initruntime-snap"u8;

    /// <summary>What holds.</summary>
    public required SnapshotState State { get; init; }

    /// <summary>The image whose data the file system itself has, or had until the merging began.</summary>
    public required Guid Owner { get; init; }

    /// <summary>The image whose changes are in the copy-on-write area; null if settled.</summary>
    public Guid? Trial { get; init; }

    /// <summary>Where the copy-on-write area begins, in bytes.</summary>
    public required long AreaOffset { get; init; }

    /// <summary>In bytes.</summary>
    public required long AreaLength { get; init; }

    /// <summary>The piece that is copied as a whole, in bytes; a power of two.</summary>
    public required int ChunkSize { get; init; }

    /// <summary>Grows with each write; the higher one of two counts. It also says which slot it is for.</summary>
    public required long Sequence { get; init; }

    /// <summary>Which slot it is for, 0 or 1.</summary>
    public int Slot => (int)(Sequence % 2);

    /// <summary>
    /// Finds the record that counts. False with no error when there is none, also when the first one of all was not written to its end;
    /// false with an error when both slots had one and both are damaged.
    /// </summary>
    /// <param name="slots">Both slots.</param>
    /// <param name="value">The record.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryFind(ReadOnlySpan<byte> slots, [NotNullWhen(true)] out SnapshotRecord? value, out ParseError error)
    {
        value = null;
        error = slots.Length < Size ? new("the record is cut short") : default;
        if (error.IsError)
        {
            return false;
        }

        ReadOnlySpan<byte> first = slots[..SlotSize];
        ReadOnlySpan<byte> second = slots[SlotSize..Size];
        bool hasFirst = TryReadSlot(first, 0, out SnapshotRecord? zero, out ParseError firstError);
        bool hasSecond = TryReadSlot(second, 1, out SnapshotRecord? one, out ParseError secondError);
        value = !hasFirst ? one : !hasSecond ? zero : zero!.Sequence > one!.Sequence ? zero : one;
        if (value is null && first.StartsWith(Magic) && second.StartsWith(Magic))
        {
            error = new($"both copies of the record are damaged: {firstError}; {secondError}");
        }

        return value is not null;
    }

    /// <summary>Reads one slot.</summary>
    public static bool TryParse(ReadOnlySpan<byte> slot, [NotNullWhen(true)] out SnapshotRecord? value, out ParseError error)
    {
        value = null;
        var reader = new SpanReader(slot);
        ReadOnlySpan<byte> magic = reader.Bytes(Magic.Length);
        uint version = reader.U32();
        uint state = reader.U32();
        ulong sequence = reader.U64();
        ReadOnlySpan<byte> owner = reader.Bytes(16);
        ReadOnlySpan<byte> trial = reader.Bytes(16);
        ulong areaOffset = reader.U64();
        ulong areaLength = reader.U64();
        uint chunkSize = reader.U32();
        error = reader.Overrun || slot.Length < SlotSize ? new("cut short")
            : !magic.SequenceEqual(Magic) ? new("no record magic")
            : !Digest.Of(DigestAlgorithm.Sha256, slot[..DigestAt]).AsSpan().SequenceEqual(slot[DigestAt..SlotSize]) ? new("wrong SHA-256 digest")
            : version != Version ? new($"version {version}, only {Version} is known")
            : state is < (uint)SnapshotState.Settled or > (uint)SnapshotState.Merging ? new($"state {state}")
            : sequence > MaximumSequence ? new($"sequence {sequence}")
            : IsZero(owner) ? new("no owner")
            : IsZero(trial) != (state == (uint)SnapshotState.Settled) || owner.SequenceEqual(trial) ? new("an image on trial that does not fit the state")
            : areaOffset > SnapshotLayout.MaximumLength || areaLength is 0 or > SnapshotLayout.MaximumLength ? new($"a copy-on-write area of {areaLength} bytes at {areaOffset}")
            : chunkSize is < MinimumChunkSize or > MaximumChunkSize || !uint.IsPow2(chunkSize) ? new($"chunks of {chunkSize} bytes")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new SnapshotRecord
        {
            State = (SnapshotState)state,
            Owner = new Guid(owner, bigEndian: true),
            Trial = state == (uint)SnapshotState.Settled ? null : new Guid(trial, bigEndian: true),
            AreaOffset = (long)areaOffset,
            AreaLength = (long)areaLength,
            ChunkSize = (int)chunkSize,
            Sequence = (long)sequence,
        };
        return true;
    }

    /// <summary>The bytes of its slot.</summary>
    public byte[] ToSlot()
    {
        const int VersionAt = 16;
        const int StateAt = 20;
        const int SequenceAt = 24;
        const int OwnerAt = 32;
        const int TrialAt = 48;
        const int AreaOffsetAt = 64;
        const int AreaLengthAt = 72;
        const int ChunkSizeAt = 80;
        byte[] slot = new byte[SlotSize];
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(VersionAt), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(StateAt), (uint)State);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(SequenceAt), Sequence);
        Owner.TryWriteBytes(slot.AsSpan(OwnerAt), bigEndian: true, out _);
        (Trial ?? Guid.Empty).TryWriteBytes(slot.AsSpan(TrialAt), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(AreaOffsetAt), AreaOffset);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(AreaLengthAt), AreaLength);
        BinaryPrimitives.WriteInt32LittleEndian(slot.AsSpan(ChunkSizeAt), ChunkSize);
        Digest.Of(DigestAlgorithm.Sha256, slot.AsSpan(0, DigestAt), slot.AsSpan(DigestAt));
        return slot;
    }

    /// <summary>The first record of a volume.</summary>
    public static SnapshotRecord First(Guid owner, SnapshotLayout layout, int chunkSize) => new()
    {
        State = SnapshotState.Settled,
        Owner = owner,
        AreaOffset = layout.AreaOffset,
        AreaLength = layout.AreaLength,
        ChunkSize = chunkSize,
        Sequence = 1,
    };

    /// <summary>The next record: the volume is this image's.</summary>
    public SnapshotRecord Settle(Guid owner) => this with { State = SnapshotState.Settled, Owner = owner, Trial = null, Sequence = Sequence + 1 };

    /// <summary>The next record: this image's changes go to the area.</summary>
    public SnapshotRecord Begin(Guid trial, SnapshotLayout layout, int chunkSize) => this with
    {
        State = SnapshotState.Trial,
        Trial = trial,
        AreaOffset = layout.AreaOffset,
        AreaLength = layout.AreaLength,
        ChunkSize = chunkSize,
        Sequence = Sequence + 1,
    };

    /// <summary>The next record: the area is copied into the volume.</summary>
    public SnapshotRecord Merge() => this with { State = SnapshotState.Merging, Sequence = Sequence + 1 };

    /// <summary>The same once more, for the other slot.</summary>
    public SnapshotRecord Again() => this with { Sequence = Sequence + 1 };

    private static bool TryReadSlot(ReadOnlySpan<byte> bytes, int slot, out SnapshotRecord? value, out ParseError error)
    {
        if (TryParse(bytes, out value, out error) && value.Slot != slot)
        {
            error = new($"sequence {value.Sequence} in slot {slot}");
            value = null;
        }

        return value is not null;
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);
}
