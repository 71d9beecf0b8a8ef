using System;
using System.Buffers.Binary;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Gpt;

/// <summary>The header of one copy of a table, one sector. Source: UEFI 2.10 table 5.5, little endian.</summary>
internal readonly record struct GptHeader
{
    internal const int Size = 92;
    internal const int EntrySize = 128;

    private const uint Revision = 0x00010000;
    private const int CrcAt = 16;
    private const int MaximumEntrySize = 4096;
    private const int MaximumEntries = 4096;
    private const int MaximumArrayLength = 1 << 20;

    internal required long OwnSector { get; init; }

    internal required long OtherSector { get; init; }

    internal required long FirstUsable { get; init; }

    internal required long LastUsable { get; init; }

    internal required Guid DiskId { get; init; }

    internal required long EntriesSector { get; init; }

    internal required int EntryCount { get; init; }

    internal required int EntryLength { get; init; }

    internal required uint EntriesCrc { get; init; }

    /// <summary>Length of the entries, in bytes.</summary>
    internal int ArrayLength => EntryCount * EntryLength;

    private static ReadOnlySpan<byte> Signature => "EFI PART"u8;

    /// <summary>Reads the header that was found in a given sector of a disk with so many sectors.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> sector, long foundAt, long diskSectors, out GptHeader value, out ParseError error)
    {
        value = default;
        var reader = new SpanReader(sector);
        ReadOnlySpan<byte> signature = reader.Bytes(Signature.Length);
        uint revision = reader.U32();
        uint headerSize = reader.U32();
        uint crc = reader.U32();
        reader.Skip(sizeof(uint));
        ulong ownSector = reader.U64();
        ulong otherSector = reader.U64();
        ulong firstUsable = reader.U64();
        ulong lastUsable = reader.U64();
        ReadOnlySpan<byte> diskId = reader.Bytes(16);
        ulong entriesSector = reader.U64();
        uint entryCount = reader.U32();
        uint entryLength = reader.U32();
        uint entriesCrc = reader.U32();
        error = reader.Overrun ? new("cut short")
            : !signature.SequenceEqual(Signature) ? new("no GPT signature")
            : revision != Revision ? new($"revision {revision:x8}, only {Revision:x8} is known")
            : headerSize < Size || headerSize > (uint)sector.Length ? new($"header of {headerSize} bytes")
            : CrcOf(sector[..(int)headerSize]) is var actual && actual != crc ? new($"header CRC {actual:x8}, the header says {crc:x8}")
            : ownSector != (ulong)foundAt ? new($"a header for sector {ownSector}, found in sector {foundAt}")
            : entryLength is < EntrySize or > MaximumEntrySize || entryLength % EntrySize != 0 ? new($"entries of {entryLength} bytes")
            : entryCount is < 1 or > MaximumEntries || entryCount * entryLength > MaximumArrayLength
                ? new($"{entryCount} entries of {entryLength} bytes")
            : firstUsable > lastUsable || lastUsable >= (ulong)diskSectors
                ? new($"usable sectors {firstUsable} to {lastUsable} of {diskSectors}")
            : entriesSector < 2 || entriesSector >= (ulong)diskSectors ? new($"entries in sector {entriesSector} of {diskSectors}")
            : otherSector >= long.MaxValue ? new($"other copy in sector {otherSector}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new GptHeader
        {
            OwnSector = foundAt,
            OtherSector = (long)otherSector,
            FirstUsable = (long)firstUsable,
            LastUsable = (long)lastUsable,
            DiskId = new Guid(diskId),
            EntriesSector = (long)entriesSector,
            EntryCount = (int)entryCount,
            EntryLength = (int)entryLength,
            EntriesCrc = entriesCrc,
        };
        long entriesEnd = value.EntriesSector + CeilingDivide(value.ArrayLength, sector.Length);
        error = value.EntriesSector <= value.LastUsable && entriesEnd > value.FirstUsable ? new("entries among the usable sectors")
            : foundAt >= value.FirstUsable && foundAt <= value.LastUsable ? new("a header among the usable sectors")
            : entriesEnd > diskSectors ? new("entries beyond the disk")
            : default;
        return !error.IsError;
    }

    internal byte[] ToSector(int sectorSize)
    {
        byte[] sector = new byte[sectorSize];
        Span<byte> at = sector;
        Signature.CopyTo(Take(ref at, Signature.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(Take(ref at, sizeof(uint)), Revision);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(ref at, sizeof(uint)), Size);
        Take(ref at, 2 * sizeof(uint));
        BinaryPrimitives.WriteInt64LittleEndian(Take(ref at, sizeof(long)), OwnSector);
        BinaryPrimitives.WriteInt64LittleEndian(Take(ref at, sizeof(long)), OtherSector);
        BinaryPrimitives.WriteInt64LittleEndian(Take(ref at, sizeof(long)), FirstUsable);
        BinaryPrimitives.WriteInt64LittleEndian(Take(ref at, sizeof(long)), LastUsable);
        DiskId.TryWriteBytes(Take(ref at, 16));
        BinaryPrimitives.WriteInt64LittleEndian(Take(ref at, sizeof(long)), EntriesSector);
        BinaryPrimitives.WriteInt32LittleEndian(Take(ref at, sizeof(uint)), EntryCount);
        BinaryPrimitives.WriteInt32LittleEndian(Take(ref at, sizeof(uint)), EntryLength);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(ref at, sizeof(uint)), EntriesCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(CrcAt), CrcOf(sector.AsSpan(0, Size)));
        return sector;
    }

    internal static long CeilingDivide(long value, long by) => (value + by - 1) / by;

    /// <summary>With the field that holds the CRC taken for zero.</summary>
    private static uint CrcOf(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> zero = [0, 0, 0, 0];
        return Crc32.Append(Crc32.Append(Crc32.Of(header[..CrcAt]), zero), header[(CrcAt + sizeof(uint))..]);
    }

    private static Span<byte> Take(ref Span<byte> at, int count)
    {
        Span<byte> taken = at[..count];
        at = at[count..];
        return taken;
    }
}
