using System;
using System.IO;
using System.Linq;
using InitRuntime.Formats.Gpt;
using InitRuntime.Unit.Harness;
using Xunit;
using static InitRuntime.Unit.Formats.Gpt.GptDisks;

namespace InitRuntime.Unit.Formats.Gpt;

public sealed class GptEditingTests
{
    [Fact]
    public void A_partition_is_replaced_by_its_number_and_the_rest_stays()
    {
        GptTable table = Layout();
        Partition changed = table.Partitions[0] with { Label = "changed", Attributes = PartitionAttributes.None };
        GptTable with = table.WithPartition(changed);
        Assert.Equal([changed, table.Partitions[1]], with.Partitions);
        Assert.Equal("var", table.Partitions[0].Label);
        Assert.Equal((table.DiskId, table.DiskSectors, table.FirstUsable), (with.DiskId, with.DiskSectors, with.FirstUsable));
        Assert.Throws<ArgumentException>(() => table.WithPartition(changed with { Number = 3 }));
    }

    [Fact]
    public void The_bit_for_a_new_volume_is_set_and_shown_by_sgdisk_as_bit_56()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], Disk(Layout()));
        Assert.Equal("1:56:1 (Undefined bit #56)", Attributes(directory, 1));
        Tools.Run("sgdisk", "-A", "2:set:56", "-A", "1:clear:56", directory["disk"]);
        GptTable table = Read(File.ReadAllBytes(directory["disk"]), 512).Table;
        Assert.Equal([PartitionAttributes.None, PartitionAttributes.NewVolume], table.Partitions.Select(p => p.Attributes));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void The_last_partition_grows_by_whole_mebibytes_up_to_the_end_of_a_larger_disk(int sectorSize)
    {
        byte[] disk = [.. Disk(Layout(sectorSize)), .. new byte[(5 * MiB) + 4096]];
        GptReading reading = Read(disk, sectorSize);
        Assert.StartsWith("the backup copy is in sector ", reading.BackupError.Message);
        Assert.Equal((disk.Length / sectorSize) - 2 - (128 * 128 / sectorSize), reading.Table.LastUsable);
        Assert.True(reading.Table.TryGrowLast("home", out GptTable? grown));
        Assert.Equal(reading.Table.Partitions[0], grown.Partitions[0]);
        Assert.Equal(7L * MiB, grown.Partitions[1].Sectors * sectorSize);
        Put(grown, disk);
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], disk);
        Assert.Contains("No errors detected.", Tools.Run("sfdisk", "--verify", $"--sector-size={sectorSize}", directory["disk"]));
        string dump = Tools.Run("sfdisk", "--dump", $"--sector-size={sectorSize}", directory["disk"]);
        Assert.Contains($"start={3 * MiB / sectorSize,12}, size={7 * MiB / sectorSize,12}", dump);
        Assert.Contains($"last-lba: {grown.LastUsable}\n", dump);
        Assert.Equal((default, default), (Read(disk, sectorSize).PrimaryError, Read(disk, sectorSize).BackupError));
        Assert.False(Read(disk, sectorSize).Table.TryGrowLast("home", out _));
    }

    [Fact]
    public void A_grown_disk_has_no_fault_for_sgdisk()
    {
        byte[] disk = [.. Disk(Layout()), .. new byte[5 * MiB]];
        Assert.True(Read(disk, 512).Table.TryGrowLast("home", out GptTable? grown));
        Put(grown, disk);
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], disk);
        Assert.Contains("No problems found.", Tools.Run("sgdisk", "-v", directory["disk"]));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(32 * 512, false)]
    [InlineData(33 * 512, true)]
    public void Less_than_a_mebibyte_is_not_worth_a_change(int more, bool grows)
    {
        // The partition ends 1 MiB before the disk's end; the backup copy takes 33 sectors.
        byte[] disk = [.. Disk(Layout()), .. new byte[more]];
        Assert.Equal(grows, Read(disk, 512).Table.TryGrowLast("home", out _));
    }

    [Fact]
    public void Only_the_one_partition_that_ends_last_grows()
    {
        GptTable table = Read([.. Disk(Layout()), .. new byte[5 * MiB]], 512).Table;
        Assert.False(table.TryGrowLast("var", out _));
        Assert.False(table.TryGrowLast("none", out _));
        GptTable twice = table.WithPartition(table.Partitions[0] with { Label = "home" });
        Assert.False(twice.TryGrowLast("home", out _));
        // Numbers tell nothing of places.
        GptTable swapped = table with
        {
            Partitions = [table.Partitions[1] with { Number = 1 }, table.Partitions[0] with { Number = 2 }],
        };
        Assert.True(swapped.TryGrowLast("home", out GptTable? grown));
        Assert.Equal(7L * MiB, grown.Partitions[0].Sectors * 512);
    }

    [Fact]
    public void A_partition_with_a_part_of_a_mebibyte_ends_up_with_whole_ones()
    {
        GptTable table = Read([.. Disk(Layout()), .. new byte[5 * MiB]], 512).Table;
        GptTable odd = table.WithPartition(table.Partitions[1] with { FirstSector = 6145, LastSector = 9000 });
        Assert.True(odd.TryGrowLast("home", out GptTable? grown));
        Assert.Equal((6145L, 6L * MiB), (grown.Partitions[1].FirstSector, (grown.Partitions[1].Sectors * 512) - MiB));
    }

    [Fact]
    public void The_boot_code_in_sector_0_and_a_hybrid_MBR_stay()
    {
        byte[] disk = [.. Disk(Layout()), .. new byte[5 * MiB]];
        disk.AsSpan(0, 446).Fill(0x90);
        byte[] before = disk[..512];
        Assert.Equal(0L, Read(disk, 512).Table.ToRegions()[0].Offset);
        Put(Read(disk, 512).Table, disk);
        Assert.Equal(before[..446], disk[..446]);
        Assert.Equal((uint)(disk.Length / 512) - 1, BitConverter.ToUInt32(disk, 446 + 12));
        Assert.DoesNotContain(Read(disk, 512).Table.ToRegions(), region => region.Offset == 0);

        before.CopyTo(disk, 0);
        disk[446 + 16 + 4] = 0x83;
        Assert.DoesNotContain(Read(disk, 512).Table.ToRegions(), region => region.Offset == 0);
        disk[446 + 16 + 4] = 0;
        disk.AsSpan(446 + 12, 4).Fill(0xff);
        Assert.DoesNotContain(Read(disk, 512).Table.ToRegions(), region => region.Offset == 0);
    }

    private static string Attributes(TemporaryDirectory directory, int number) =>
        Tools.Run("sgdisk", "-A", $"{number}:show", directory["disk"]).Trim();

    /// <summary>/var from 1 MiB on and /home from 3 MiB on, of 2 MiB each, on a disk of 6 MiB.</summary>
    private static GptTable Layout(int sectorSize = 512) => GptLayout.Place(
        DiskId,
        [
            new("var", PartitionType.Var, FirstId, 2 * MiB, PartitionAttributes.NewVolume),
            new("home", PartitionType.Home, SecondId, 2 * MiB),
        ],
        sectorSize);
}
