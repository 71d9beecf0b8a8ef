using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace InitRuntime.Formats.Gpt;

/// <summary>The MBR that keeps old programs away from a GPT disk. Source: UEFI 2.10 section 5.2.3.</summary>
internal static class ProtectiveMbr
{
    private const int TableAt = 446;
    private const int EntrySize = 16;
    private const int EntryCount = 4;
    private const int TypeAt = 4;
    private const int FirstSectorAt = 8;
    private const int SectorsAt = 12;
    private const int SignatureAt = 510;
    private const byte ProtectiveType = 0xee;

    private static ReadOnlySpan<byte> Signature => [0x55, 0xaa];

    /// <summary>Cylinder 0, head 0, sector 2: sector 1 of the disk.</summary>
    private static ReadOnlySpan<byte> StartingChs => [0x00, 0x02, 0x00];

    private static ReadOnlySpan<byte> EndingChs => [0xff, 0xff, 0xff];

    /// <summary>Whether sector 0 marks a GPT disk: without it neither firmware nor kernel reads the table.</summary>
    internal static bool IsIn(ReadOnlySpan<byte> sector)
    {
        if (sector.Length < SignatureAt + Signature.Length || !sector.Slice(SignatureAt, Signature.Length).SequenceEqual(Signature))
        {
            return false;
        }

        for (int i = 0; i < EntryCount; i++)
        {
            ReadOnlySpan<byte> entry = sector.Slice(TableAt + (i * EntrySize), EntrySize);
            if (entry[TypeAt] == ProtectiveType && BinaryPrimitives.ReadUInt32LittleEndian(entry[FirstSectorAt..]) == 1)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The same sector, boot code and all, with the protective entry as long as the disk; false when it is so already. Entries
    /// beside it (a hybrid MBR) are somebody's decision: then it stays as it is.
    /// </summary>
    internal static bool TryResize(ReadOnlySpan<byte> sector, long diskSectors, [NotNullWhen(true)] out byte[]? resized)
    {
        resized = null;
        int used = 0;
        int protective = 0;
        for (int i = 0; i < EntryCount; i++)
        {
            int at = TableAt + (i * EntrySize);
            used += sector[at + TypeAt] == 0 ? 0 : 1;
            protective = sector[at + TypeAt] == ProtectiveType ? at : protective;
        }

        uint sectors = SectorsFor(diskSectors);
        uint had = BinaryPrimitives.ReadUInt32LittleEndian(sector[(protective + SectorsAt)..]);
        if (used != 1 || protective == 0 || had == sectors || had == uint.MaxValue)
        {
            return false;
        }

        resized = sector.ToArray();
        EndingChs.CopyTo(resized.AsSpan(protective + TypeAt + 1));
        BinaryPrimitives.WriteUInt32LittleEndian(resized.AsSpan(protective + SectorsAt), sectors);
        return true;
    }

    internal static byte[] ToSector(int sectorSize, long diskSectors)
    {
        byte[] sector = new byte[sectorSize];
        Span<byte> entry = sector.AsSpan(TableAt, EntrySize);
        StartingChs.CopyTo(entry[1..]);
        entry[TypeAt] = ProtectiveType;
        EndingChs.CopyTo(entry[(TypeAt + 1)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[FirstSectorAt..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[SectorsAt..], SectorsFor(diskSectors));
        Signature.CopyTo(sector.AsSpan(SignatureAt));
        return sector;
    }

    private static uint SectorsFor(long diskSectors) => (uint)Math.Min(diskSectors - 1, uint.MaxValue);
}
