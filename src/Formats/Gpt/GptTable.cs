using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Gpt;

/// <summary>A partition table of a disk, as both copies shall say it. What exists is valid; see <see cref="Check"/>.</summary>
public sealed record GptTable
{
    /// <summary>Entries of a table of ours: what the UEFI specification wants at least.</summary>
    public const int DefaultEntryCount = 128;

    /// <summary>The sector behind the primary header, where most tables have their entries.</summary>
    public const int DefaultEntriesSector = 2;

    /// <summary>In bytes: 512 or 4096.</summary>
    public required int SectorSize { get; init; }

    /// <summary>Length of the disk, in sectors.</summary>
    public required long DiskSectors { get; init; }

    /// <summary>GUID of the disk.</summary>
    public required Guid DiskId { get; init; }

    /// <summary>In the order of their numbers.</summary>
    public required IReadOnlyList<Partition> Partitions { get; init; }

    /// <summary>How many entries the table has room for.</summary>
    public int EntryCount { get; init; } = DefaultEntryCount;

    /// <summary>Where the primary copy's entries begin: a disk may keep a boot loader in front of them.</summary>
    public long PrimaryEntriesSector { get; init; } = DefaultEntriesSector;

    /// <summary>The first sector that a partition may have.</summary>
    public required long FirstUsable { get; init; }

    /// <summary>The last sector that a partition may have: the backup copy follows, at the disk's end.</summary>
    public long LastUsable => DiskSectors - 2 - EntriesSectors;

    /// <summary>Sector 0 as it was read; empty when the table is to be the first of its disk.</summary>
    internal ReadOnlyMemory<byte> Mbr { get; init; }

    /// <summary>Whether the table was read from the backup copy, since the primary one is damaged.</summary>
    internal bool PrimaryIsDamaged { get; init; }

    /// <summary>Length of the entries of one copy, in sectors.</summary>
    public long EntriesSectors => EntriesSectorsOf(SectorSize, EntryCount);

    /// <summary>The first sector that a partition may have behind a primary copy in the usual place.</summary>
    public static long DefaultFirstUsable(int sectorSize) => DefaultEntriesSector + EntriesSectorsOf(sectorSize, DefaultEntryCount);

    /// <summary>The one partition with a label; null when there is none, or more than one.</summary>
    public Partition? FindLabel(string label)
    {
        Partition? found = null;
        foreach (Partition partition in Partitions)
        {
            if (partition.Label == label)
            {
                if (found is not null)
                {
                    return null;
                }

                found = partition;
            }
        }

        return found;
    }

    /// <summary>The same table with another partition in the place of the one of that number.</summary>
    /// <exception cref="ArgumentException">There is no partition of that number.</exception>
    public GptTable WithPartition(Partition changed)
    {
        ArgumentNullException.ThrowIfNull(changed);
        var partitions = new List<Partition>(Partitions);
        int at = partitions.FindIndex(partition => partition.Number == changed.Number);
        if (at < 0)
        {
            throw new ArgumentException($"there is no partition {changed.Number}", nameof(changed));
        }

        partitions[at] = changed;
        return this with { Partitions = partitions };
    }

    /// <summary>
    /// The same table with the partition of a label made as long as the disk has room, in whole MiB. False when it is not the one
    /// that ends last, when no partition or more than one has the label, or when it would not get at least 1 MiB longer.
    /// </summary>
    public bool TryGrowLast(string label, [NotNullWhen(true)] out GptTable? grown)
    {
        grown = null;
        if (FindLabel(label) is not { } partition)
        {
            return false;
        }

        foreach (Partition other in Partitions)
        {
            if (other.LastSector > partition.LastSector)
            {
                return false;
            }
        }

        long mebibyte = GptLayout.Alignment / SectorSize;
        long sectors = (LastUsable - partition.FirstSector + 1) / mebibyte * mebibyte;
        if (sectors - partition.Sectors < mebibyte)
        {
            return false;
        }

        grown = WithPartition(partition with { LastSector = partition.FirstSector + sectors - 1 });
        return true;
    }

    /// <summary>The first rule that the table breaks; or no error.</summary>
    public ParseError Check()
    {
        ParseError error = SectorSize is not (512 or 4096) ? new($"sectors of {SectorSize} bytes, wanted 512 or 4096")
            : DiskSectors > long.MaxValue / SectorSize ? new($"a disk of {DiskSectors} sectors")
            : EntryCount is < 1 or > 4096 ? new($"{EntryCount} entries")
            : PrimaryEntriesSector < DefaultEntriesSector || PrimaryEntriesSector > DiskSectors
                ? new($"entries in sector {PrimaryEntriesSector}")
            : FirstUsable < PrimaryEntriesSector + EntriesSectors || FirstUsable > LastUsable
                ? new($"usable sectors {FirstUsable} to {LastUsable} of {DiskSectors}")
            : default;
        return error.IsError ? error : CheckPartitions();
    }

    /// <summary>
    /// The bytes of both copies, and of sector 0 where it must change, in the order in which a power cut never leaves a disk
    /// without a valid copy: sync after each. The only good copy is never the first to be overwritten.
    /// </summary>
    /// <exception cref="InvalidOperationException">The table breaks a rule.</exception>
    public IReadOnlyList<DiskRegion> ToRegions()
    {
        if (Check() is { IsError: true } error)
        {
            throw new InvalidOperationException(error.Message);
        }

        byte[] entries = new byte[EntriesSectors * SectorSize];
        foreach (Partition partition in Partitions)
        {
            GptEntry.Write(partition, entries.AsSpan((partition.Number - 1) * GptHeader.EntrySize, GptHeader.EntrySize));
        }

        long last = DiskSectors - 1;
        var primary = new GptHeader
        {
            OwnSector = 1,
            OtherSector = last,
            FirstUsable = FirstUsable,
            LastUsable = LastUsable,
            DiskId = DiskId,
            EntriesSector = PrimaryEntriesSector,
            EntryCount = EntryCount,
            EntryLength = GptHeader.EntrySize,
            EntriesCrc = Crc32.Of(entries.AsSpan(0, EntryCount * GptHeader.EntrySize)),
        };
        GptHeader backup = primary with { OwnSector = last, OtherSector = 1, EntriesSector = last - EntriesSectors };
        DiskRegion[] primaryCopy = [new(PrimaryEntriesSector * SectorSize, entries), new(SectorSize, primary.ToSector(SectorSize))];
        DiskRegion[] backupCopy = [new(backup.EntriesSector * SectorSize, entries), new(last * SectorSize, backup.ToSector(SectorSize))];
        // With a damaged primary copy the backup copy is the only one: it must stay whole until the primary one is good again.
        DiskRegion[] copies = PrimaryIsDamaged ? [.. primaryCopy, .. backupCopy] : [.. backupCopy, .. primaryCopy];
        // A new table exists once sector 0 says so. In a table that was read it is a size that nobody needs, and comes first: who
        // finds the old table after a power cut does all again, who finds the new one has nothing to do.
        return Mbr.IsEmpty ? [.. copies, new(0, ProtectiveMbr.ToSector(SectorSize, DiskSectors))]
            : ProtectiveMbr.TryResize(Mbr.Span, DiskSectors, out byte[]? resized) ? [new(0, resized), .. copies]
            : copies;
    }

    private ParseError CheckPartitions()
    {
        Partition? before = null;
        var numbers = new HashSet<int>();
        string usable = $"{FirstUsable} to {LastUsable}";
        foreach (Partition partition in Partitions)
        {
            ParseError error = partition.Number < 1 || partition.Number > EntryCount || !numbers.Add(partition.Number)
                    ? new($"partition number {partition.Number}")
                : before is not null && partition.Number < before.Number ? new($"partition {partition.Number} behind {before.Number}")
                : partition.Type == Guid.Empty ? new($"partition {partition.Number}: no type")
                : partition.Label.Length > Partition.MaximumLabelLength || partition.Label.Contains('\0')
                    ? new($"partition {partition.Number}: a label of more than {Partition.MaximumLabelLength} UTF-16 units, or with NUL")
                : partition.FirstSector < FirstUsable || partition.LastSector > LastUsable || partition.FirstSector > partition.LastSector
                    ? new($"partition {partition.Number}: sectors {partition.FirstSector} to {partition.LastSector}, usable are {usable}")
                : default;
            if (error.IsError)
            {
                return error;
            }

            before = partition;
        }

        return FindOverlap();
    }

    private ParseError FindOverlap()
    {
        var sorted = new List<Partition>(Partitions);
        sorted.Sort((a, b) => a.FirstSector.CompareTo(b.FirstSector));
        for (int i = 1; i < sorted.Count; i++)
        {
            if (sorted[i].FirstSector <= sorted[i - 1].LastSector)
            {
                return new($"partitions {sorted[i - 1].Number} and {sorted[i].Number} overlap");
            }
        }

        return default;
    }

    private static long EntriesSectorsOf(int sectorSize, int entryCount) =>
        GptHeader.CeilingDivide((long)entryCount * GptHeader.EntrySize, sectorSize);
}
