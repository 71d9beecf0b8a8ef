using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Gpt;

/// <summary>A table that was read, and how good its two copies are.</summary>
public sealed record GptReading
{
    /// <summary>
    /// The table: of the primary copy if that is good, else of the backup copy. It knows which, for when it is written again.
    /// </summary>
    public required GptTable Table { get; init; }

    /// <summary>What is wrong with the primary copy, if anything.</summary>
    public required ParseError PrimaryError { get; init; }

    /// <summary>
    /// What is wrong with the backup copy, if anything: damage, other content than the primary copy, or a place before the disk's
    /// end, as after the image was written to a larger disk.
    /// </summary>
    public required ParseError BackupError { get; init; }
}

/// <summary>Reads the partition table of a disk of untrusted bytes. Source: UEFI 2.10 section 5.3.</summary>
public static class GptReader
{
    private const int PrimarySector = 1;

    /// <summary>Reads both copies and takes the better one.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="diskLength">Its length, in bytes.</param>
    /// <param name="sectorSize">Its logical sectors: 512 or 4096 bytes.</param>
    /// <param name="reading">The table and how good its copies are.</param>
    /// <param name="error">Why there is no table at all.</param>
    public static bool TryRead(
        ReadAt disk, long diskLength, int sectorSize, [NotNullWhen(true)] out GptReading? reading, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(disk);
        reading = null;
        error = sectorSize is not (512 or 4096) ? new($"sectors of {sectorSize} bytes, wanted 512 or 4096")
            : diskLength < 3L * sectorSize ? new($"a disk of {diskLength} bytes")
            : default;
        if (error.IsError)
        {
            return false;
        }

        byte[] sector = new byte[sectorSize];
        if (!disk(0, sector))
        {
            error = new("sector 0 cannot be read");
            return false;
        }

        if (!ProtectiveMbr.IsIn(sector))
        {
            error = new("no protective MBR");
            return false;
        }

        byte[] mbr = sector.AsSpan().ToArray();
        long diskSectors = diskLength / sectorSize;
        bool primaryGood = TryReadCopy(
            disk, PrimarySector, diskSectors, sector, out GptHeader primaryHeader, out GptTable? primary, out ParseError primaryError);
        long lastSector = diskSectors - 1;
        bool backupGood = TryReadCopy(disk, lastSector, diskSectors, sector, out _, out GptTable? backup, out ParseError backupError);
        if (!primaryGood && !backupGood)
        {
            error = new($"no partition table: primary copy: {primaryError}; backup copy: {backupError}");
            return false;
        }

        if (primaryGood && primaryHeader.OtherSector != lastSector)
        {
            backupError = new($"the backup copy is in sector {primaryHeader.OtherSector}, the disk ends with sector {lastSector}");
        }
        else if (primaryGood && backupGood && !SameContent(primary!, backup!))
        {
            backupError = new("the backup copy differs from the primary copy");
        }

        reading = new GptReading
        {
            Table = (primary ?? backup!) with { Mbr = mbr, PrimaryIsDamaged = !primaryGood },
            PrimaryError = primaryError,
            BackupError = backupError,
        };
        return true;
    }

    private static bool TryReadCopy(
        ReadAt disk, long at, long diskSectors, byte[] sector, out GptHeader header, out GptTable? table, out ParseError error)
    {
        header = default;
        table = null;
        if (!disk(at * sector.Length, sector))
        {
            error = new($"sector {at} cannot be read");
            return false;
        }

        if (!GptHeader.TryParse(sector, at, diskSectors, out header, out error))
        {
            return false;
        }

        byte[] entries = new byte[header.ArrayLength];
        if (!disk(header.EntriesSector * sector.Length, entries))
        {
            error = new($"entries in sector {header.EntriesSector} cannot be read");
            return false;
        }

        uint crc = Crc32.Of(entries);
        if (crc != header.EntriesCrc)
        {
            error = new($"CRC of the entries {crc:x8}, the header says {header.EntriesCrc:x8}");
            return false;
        }

        return TryMakeTable(header, entries, diskSectors, sector.Length, out table, out error);
    }

    private static bool TryMakeTable(
        GptHeader header, ReadOnlySpan<byte> entries, long diskSectors, int sectorSize, out GptTable? table, out ParseError error)
    {
        table = null;
        error = default;
        var partitions = new List<Partition>();
        for (int i = 0; i < header.EntryCount; i++)
        {
            if (!GptEntry.TryParse(entries.Slice(i * header.EntryLength, header.EntryLength), i + 1, out Partition? partition, out error))
            {
                return false;
            }

            if (partition is not null)
            {
                partitions.Add(partition);
            }
        }

        var made = new GptTable
        {
            SectorSize = sectorSize,
            DiskSectors = diskSectors,
            DiskId = header.DiskId,
            Partitions = partitions,
            EntryCount = header.EntryCount,
            // Only the primary copy tells this; in front of the backup copy's entries lie the partitions.
            PrimaryEntriesSector = header.OwnSector == PrimarySector ? header.EntriesSector : GptTable.DefaultEntriesSector,
            FirstUsable = header.FirstUsable,
        };
        error = made.Check();
        table = error.IsError ? null : made;
        return !error.IsError;
    }

    private static bool SameContent(GptTable primary, GptTable backup)
    {
        bool same = primary.DiskId == backup.DiskId && primary.Partitions.Count == backup.Partitions.Count;
        for (int i = 0; same && i < primary.Partitions.Count; i++)
        {
            same = primary.Partitions[i] == backup.Partitions[i];
        }

        return same;
    }
}
