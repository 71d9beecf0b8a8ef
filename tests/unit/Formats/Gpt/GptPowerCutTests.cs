using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Gpt;
using InitRuntime.Unit.Harness;
using Xunit;
using static InitRuntime.Unit.Formats.Gpt.GptDisks;

namespace InitRuntime.Unit.Formats.Gpt;

/// <summary>
/// Enumerations of every state in which a power cut can leave a disk while its table is changed: after each region, and after
/// each 512 bytes of a region, written in order, in the opposite order, or alone.
/// </summary>
public sealed class GptPowerCutTests
{
    private const int Piece = 512;

    /// <summary>How the disk is when the change begins.</summary>
    public enum Start
    {
        /// <summary>Both copies are good.</summary>
        Whole,

        /// <summary>The primary copy's entries are damaged, as by an earlier power cut.</summary>
        OnlyBackup,

        /// <summary>The backup copy's header is damaged.</summary>
        OnlyPrimary,

        /// <summary>The image stands on a disk that is larger by 5 MiB.</summary>
        Larger,

        /// <summary>The image stands on a disk that is larger by so little that old and new backup copy overlap.</summary>
        LittleLarger,

        /// <summary>As <see cref="Larger"/>, and at the disk's end is the backup copy of a table that the disk had before.</summary>
        LargerWithOldTable,
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void After_a_power_cut_at_any_point_the_table_is_the_old_or_the_new_one(Start start, int sectorSize)
    {
        byte[] disk = Make(start, sectorSize);
        GptTable old = Read(disk, sectorSize).Table;
        foreach (GptTable changed in Changes(old))
        {
            var seen = new HashSet<string>();
            foreach (byte[] state in States([.. disk], changed))
            {
                string now = Text(Read(state, sectorSize).Table);
                Assert.Contains(now, (string[])[Text(old), Text(changed)]);
                seen.Add(now);
            }

            Assert.Equal(2, seen.Count);
            GptReading end = Read(Written(disk, changed), sectorSize);
            Assert.Equal((default, default), (end.PrimaryError, end.BackupError));
            Assert.Equal(Text(changed), Text(end.Table));
        }
    }

    [Theory]
    [InlineData(Start.Whole)]
    [InlineData(Start.Larger)]
    [InlineData(Start.LittleLarger)]
    [InlineData(Start.OnlyBackup)]
    public void A_second_power_cut_in_the_change_after_the_first_one_is_no_worse(Start start)
    {
        byte[] disk = Make(start, 512);
        foreach (byte[] first in States([.. disk], Changes(Read(disk, 512).Table).Last()))
        {
            GptTable old = Read(first, 512).Table;
            GptTable changed = old.WithPartition(old.Partitions[1] with { Label = "other" });
            foreach (byte[] second in States([.. first], changed, inOrderOnly: true))
            {
                Assert.Contains(Text(Read(second, 512).Table), (string[])[Text(old), Text(changed)]);
            }
        }
    }

    [Theory]
    [InlineData(Start.Whole)]
    [InlineData(Start.OnlyBackup)]
    [InlineData(Start.Larger)]
    [InlineData(Start.LittleLarger)]
    public void Sfdisk_reads_the_old_or_the_new_table_after_each_region(Start start)
    {
        using var directory = new TemporaryDirectory();
        byte[] disk = Make(start, 512);
        GptTable changed = Changes(Read(disk, 512).Table).Last();
        string before = Dump(directory, disk);
        string after = Dump(directory, Written(disk, changed));
        Assert.NotEqual(before, after);
        foreach (DiskRegion region in changed.ToRegions())
        {
            // A torn region, half of which is written, and then the whole one.
            region.Bytes.AsSpan(0, region.Bytes.Length / 2).CopyTo(disk.AsSpan((int)region.Offset));
            Assert.Contains(Dump(directory, disk), (string[])[before, after]);
            region.Bytes.CopyTo(disk, region.Offset);
            Assert.Contains(Dump(directory, disk), (string[])[before, after]);
        }

        Assert.Contains("No problems found.", Tools.Run("sgdisk", "-v", directory["disk"]));
    }

    [Fact]
    public void A_new_table_exists_once_its_last_region_is_written_and_not_before()
    {
        GptTable table = Layout(512);
        byte[] disk = new byte[table.DiskSectors * 512];
        IReadOnlyList<DiskRegion> regions = table.ToRegions();
        foreach (DiskRegion region in regions)
        {
            Assert.False(TryRead(disk, 512, out _, out _));
            region.Bytes.CopyTo(disk, region.Offset);
        }

        Assert.Equal(0, regions[^1].Offset);
        Assert.Equal(Text(table), Text(Read(disk, 512).Table));
    }

    public static TheoryData<Start, int> Starts()
    {
        var data = new TheoryData<Start, int>();
        foreach (Start start in Enum.GetValues<Start>())
        {
            data.Add(start, 512);
            data.Add(start, 4096);
        }

        return data;
    }

    private static byte[] Make(Start start, int sectorSize)
    {
        byte[] disk = Disk(Layout(sectorSize));
        int primaryEntries = 2 * sectorSize;
        int more = start is Start.Larger or Start.LargerWithOldTable ? 5 * MiB : start == Start.LittleLarger ? 2 * sectorSize : 0;
        byte[] made = [.. disk, .. new byte[more]];
        if (start == Start.OnlyBackup)
        {
            made[primaryEntries + 100] ^= 1;
        }
        else if (start == Start.OnlyPrimary)
        {
            made[^(sectorSize - 20)] ^= 1;
        }
        else if (start == Start.LargerWithOldTable)
        {
            GptTable other = GptLayout.Place(
                SecondId, [new("other", PartitionType.Home, FirstId, MiB)], sectorSize, made.Length);
            foreach (DiskRegion region in other.ToRegions().Take(2))
            {
                region.Bytes.CopyTo(made, region.Offset);
            }
        }

        return made;
    }

    /// <summary>What the first boot changes: a bit cleared, the last partition grown where there is room, or both at once.</summary>
    private static IEnumerable<GptTable> Changes(GptTable old)
    {
        GptTable cleared = old.WithPartition(old.Partitions[0] with { Attributes = PartitionAttributes.None });
        yield return cleared;
        if (old.TryGrowLast("home", out GptTable? grown))
        {
            yield return grown;
            Assert.True(cleared.TryGrowLast("home", out GptTable? both));
            yield return both;
        }
    }

    /// <summary>Every state on the way; the array is the same one each time.</summary>
    private static IEnumerable<byte[]> States(byte[] disk, GptTable changed, bool inOrderOnly = false)
    {
        foreach (DiskRegion region in changed.ToRegions())
        {
            byte[] before = disk[(int)region.Offset..(int)(region.Offset + region.Bytes.Length)];
            int pieces = region.Bytes.Length / Piece;
            for (int i = 0; i < pieces && !inOrderOnly; i++)
            {
                Copy(region.Bytes, pieces - 1 - i);
                yield return disk;
            }

            before.CopyTo(disk, region.Offset);
            for (int i = 0; i < pieces && !inOrderOnly; i++)
            {
                Copy(region.Bytes, i);
                yield return disk;
                Copy(before, i);
            }

            for (int i = 0; i < pieces; i++)
            {
                Copy(region.Bytes, i);
                yield return disk;
            }

            void Copy(byte[] from, int piece) =>
                from.AsSpan(piece * Piece, Piece).CopyTo(disk.AsSpan((int)region.Offset + (piece * Piece)));
        }
    }

    private static byte[] Written(byte[] disk, GptTable table)
    {
        byte[] written = [.. disk];
        Put(table, written);
        return written;
    }

    private static string Text(GptTable table) => $"{table.DiskId} {table.FirstUsable} {string.Join("; ", table.Partitions)}";

    /// <summary>The lines of the partitions.</summary>
    private static string Dump(TemporaryDirectory directory, byte[] disk)
    {
        File.WriteAllBytes(directory["disk"], disk);
        return string.Join('\n', Tools.Run("sfdisk", "--dump", directory["disk"]).Split('\n').Where(line => line.Contains("start=")));
    }

    /// <summary>/var from 1 MiB on and /home from 3 MiB on, of 1 MiB each and with less than 1 MiB to spare at the end.</summary>
    private static GptTable Layout(int sectorSize) => GptLayout.Place(
        DiskId,
        [
            new("var", PartitionType.Var, FirstId, 2 * MiB, PartitionAttributes.NewVolume),
            new("home", PartitionType.Home, SecondId, MiB, PartitionAttributes.NewVolume),
        ],
        sectorSize);
}
