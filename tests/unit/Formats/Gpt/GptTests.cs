using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Gpt;
using InitRuntime.Unit.Harness;
using Xunit;
using static InitRuntime.Unit.Formats.Gpt.GptDisks;

namespace InitRuntime.Unit.Formats.Gpt;

public sealed class GptTests
{
    [Fact]
    public void Sgdisk_finds_no_fault_in_ours_and_shows_what_was_asked_for()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], Disk(Layout(512)));
        Assert.Contains("No problems found.", Tools.Run("sgdisk", "-v", directory["disk"]));
        string shown = Tools.Run("sgdisk", "-p", "-i", "1", "-i", "2", directory["disk"]);
        Assert.Contains("Disk identifier (GUID): 01234567-89AB-4CDE-8F01-23456789ABCD", shown);
        Assert.Contains("Partition GUID code: C12A7328-F81F-11D2-BA4B-00A0C93EC93B (EFI system partition)", shown);
        Assert.Contains("Partition unique GUID: 11111111-2222-4333-8444-555555555555", shown);
        Assert.Contains("First sector: 2048 (at 1024.0 KiB)", shown);
        Assert.Contains("Last sector: 34815 ", shown);
        Assert.Contains("Partition name: 'efi'", shown);
        Assert.Contains("Partition GUID code: 4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709 (Linux x86-64 root (/))", shown);
        Assert.Contains("Attribute flags: 1000000000000000", shown);
        Assert.Contains("Partition name: 'root-\u00e4'", shown);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Sfdisk_dumps_ours(int sectorSize)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], Disk(Layout(sectorSize)));
        string[] lines = Tools.Run("sfdisk", "--dump", $"--sector-size={sectorSize}", directory["disk"]).Split('\n');
        Assert.Contains("label-id: 01234567-89AB-4CDE-8F01-23456789ABCD", lines);
        Assert.Contains($"sector-size: {sectorSize}", lines);
        string second = Assert.Single(lines, line => line.Contains("disk2"));
        long start = 17L * MiB / sectorSize;
        Assert.Contains($"start={start,12}, size={(3 * MiB / sectorSize) + 1,12}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", second);
        Assert.Contains("uuid=A1B2C3D4-E5F6-4789-8ABC-DEF012345678", second);
        Assert.Contains("attrs=\"GUID:60\"", second);
    }

    [Fact]
    public void What_sgdisk_writes_is_read_and_written_back_the_same()
    {
        using var directory = new TemporaryDirectory();
        byte[] disk = MadeBySgdisk(directory);
        GptReading reading = Read(disk, 512);
        Assert.Equal((default, default), (reading.PrimaryError, reading.BackupError));
        GptTable table = reading.Table;
        Assert.Equal(DiskId, table.DiskId);
        Assert.Equal([1, 3], table.Partitions.Select(p => p.Number));
        Assert.Equal(34, table.FirstUsable);
        Assert.Equal(32768 - 34, table.LastUsable);
        Partition partition = table.Partitions[1];
        Assert.Equal(partition, table.FindLabel("root-\u00e4"));
        Assert.Equal(PartitionType.RootX64, partition.Type);
        Assert.Equal(SecondId, partition.Id);
        Assert.Equal((8192L, 12287L, 4096L), (partition.FirstSector, partition.LastSector, partition.Sectors));
        Assert.Equal(PartitionAttributes.ReadOnly, partition.Attributes);
        byte[] written = new byte[disk.Length];
        // Sector 0 says the right length already, and stays as sgdisk wrote it.
        disk.AsSpan(0, 512).CopyTo(written);
        Put(table, written);
        Assert.Equal(disk, written);
    }

    [Fact]
    public void What_sfdisk_writes_with_4096_byte_sectors_is_read()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], new byte[16 * MiB]);
        string script = $"label: gpt\nlabel-id: {DiskId}\nstart=256, size=512, type={PartitionType.Var}, name=var, uuid={FirstId}\n";
        (Tools.Tree.Command("sfdisk", "--sector-size=4096", directory["disk"]) with { Input = System.Text.Encoding.ASCII.GetBytes(script) })
            .Run(new InitRuntime.Mkinitramfs.Host.PlainLog(TextWriter.Null, showCommands: false));
        GptTable table = Read(File.ReadAllBytes(directory["disk"]), 4096).Table;
        Partition partition = Assert.Single(table.Partitions);
        Assert.Equal((256L, 767L), (partition.FirstSector, partition.LastSector));
        Assert.Equal((PartitionType.Var, FirstId, "var"), (partition.Type, partition.Id, partition.Label));
    }

    [Fact]
    public void Either_copy_is_enough_and_the_other_one_is_named()
    {
        byte[] disk = Disk(Layout(512));
        GptTable whole = Read(disk, 512).Table;
        byte[] damaged = [.. disk];
        damaged[512 + 60] ^= 1;
        GptReading reading = Read(damaged, 512);
        Assert.Contains("header CRC", reading.PrimaryError.Message);
        Assert.False(reading.BackupError.IsError);
        Assert.Equal(whole.Partitions, reading.Table.Partitions);

        damaged = [.. disk];
        damaged[^(512 + 1)] ^= 1;
        reading = Read(damaged, 512);
        Assert.Contains("CRC of the entries", reading.BackupError.Message);
        Assert.False(reading.PrimaryError.IsError);

        damaged[1024] ^= 1;
        Assert.False(TryRead(damaged, 512, out _, out ParseError error));
        Assert.StartsWith("no partition table: primary copy: CRC of the entries", error.Message);
    }

    [Fact]
    public void A_grown_disk_says_that_its_backup_copy_is_not_at_the_end_and_can_be_repaired()
    {
        byte[] disk = [.. Disk(Layout(512)), .. new byte[MiB]];
        GptReading reading = Read(disk, 512);
        Assert.Equal("the backup copy is in sector 45055, the disk ends with sector 47103", reading.BackupError.Message);
        Put(reading.Table, disk);
        reading = Read(disk, 512);
        Assert.False(reading.BackupError.IsError);
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["disk"], disk);
        Assert.Contains("No problems found.", Tools.Run("sgdisk", "-v", directory["disk"]));
    }

    [Fact]
    public void Copies_that_differ_are_told_and_the_primary_one_wins()
    {
        GptTable table = Layout(512);
        byte[] disk = Disk(table);
        GptTable other = table with { Partitions = [table.Partitions[0]] };
        foreach (DiskRegion region in other.ToRegions().Take(2))
        {
            region.Bytes.CopyTo(disk, region.Offset);
        }

        GptReading reading = Read(disk, 512);
        Assert.Equal("the backup copy differs from the primary copy", reading.BackupError.Message);
        Assert.Equal(2, reading.Table.Partitions.Count);
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown()
    {
        byte[] disk = Disk(Layout(512) with { EntryCount = 4 });
        // The backup copy is lost; each byte of MBR, primary header and the first entries is damaged, with and without a right CRC.
        disk.AsSpan(disk.Length - 2 * 512).Clear();
        const int Tested = 1024 + 3 * 128;
        byte[] working = [.. disk];
        Hostile.EveryPrefixAndEveryDamagedByte(disk.AsSpan(0, Tested), damaged =>
        {
            working.AsSpan(0, Tested).Clear();
            damaged.CopyTo(working);
            bool good = TryRead(working, 512, out _, out _);
            BinaryPrimitives.WriteUInt32LittleEndian(working.AsSpan(512 + 88), Crc32.Of(working.AsSpan(1024, 4 * 128)));
            TryRead(WithHeaderCrc(working), 512, out _, out _);
            return good;
        });
    }

    [Theory]
    [InlineData(8, 2UL, "revision 00000002, only 00010000 is known")]
    [InlineData(12, 513UL, "header of 513 bytes")]
    [InlineData(12, 91UL, "header of 91 bytes")]
    [InlineData(24, 2UL, "a header for sector 2, found in sector 1")]
    [InlineData(40, ulong.MaxValue, "usable sectors 18446744073709551615 to 45022 of 45056")]
    [InlineData(48, 45056UL, "usable sectors 34 to 45056 of 45056")]
    [InlineData(72, 1UL, "entries in sector 1 of 45056")]
    [InlineData(72, ulong.MaxValue, "entries in sector 18446744073709551615 of 45056")]
    [InlineData(72, 100UL, "entries among the usable sectors")]
    [InlineData(80, 0xffffffffUL | (128UL << 32), "4294967295 entries of 128 bytes")]
    [InlineData(80, 128UL | (129UL << 32), "entries of 129 bytes")]
    public void Each_header_field_that_is_wrong_is_named(int offset, ulong value, string expected)
    {
        byte[] disk = Disk(Layout(512));
        disk.AsSpan(disk.Length - 512).Clear();
        Span<byte> field = disk.AsSpan(512 + offset);
        if (offset is 8 or 12)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(field, (uint)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(field, value);
        }

        // The CRC covers as many bytes as the header says, where that can be.
        Assert.False(TryRead(offset == 12 ? disk : WithHeaderCrc(disk), 512, out _, out ParseError error));
        Assert.Equal($"no partition table: primary copy: {expected}; backup copy: no GPT signature", error.Message);
    }

    [Theory]
    [InlineData(2048L, 2047L, "partition 2: sectors 2048 to 2047, usable are 34 to 45022")]
    [InlineData(33L, 100L, "partition 2: sectors 33 to 100, usable are 34 to 45022")]
    [InlineData(45000L, 45023L, "partition 2: sectors 45000 to 45023, usable are 34 to 45022")]
    [InlineData(34815L, 40000L, "partitions 1 and 2 overlap")]
    [InlineData(34L, 2048L, "partitions 2 and 1 overlap")]
    public void Partitions_that_cannot_be_are_named(long first, long last, string expected)
    {
        GptTable table = Layout(512);
        Partition second = table.Partitions[1] with { FirstSector = first, LastSector = last };
        GptTable broken = table with { Partitions = [table.Partitions[0], second] };
        Assert.Equal(expected, broken.Check().Message);
        Assert.Throws<InvalidOperationException>(() => broken.ToRegions());
    }

    [Fact]
    public void A_disk_without_a_protective_mbr_has_no_table()
    {
        byte[] disk = Disk(Layout(512));
        disk[450] = 0x83;
        Assert.False(TryRead(disk, 512, out _, out ParseError error));
        Assert.Equal("no protective MBR", error.Message);
        Assert.False(TryRead(disk, 1024, out _, out error));
        Assert.Equal("sectors of 1024 bytes, wanted 512 or 4096", error.Message);
        Assert.False(TryRead([], 512, out _, out error));
        Assert.Equal("a disk of 0 bytes", error.Message);
    }

    [Fact]
    public void Two_partitions_of_one_label_are_none()
    {
        GptTable table = GptLayout.Place(
            DiskId,
            [new("a", PartitionType.Home, FirstId, 1), new(
                "a", PartitionType.Home, SecondId, 1), new("b", PartitionType.Home, DiskId, 1)]);
        Assert.Null(table.FindLabel("a"));
        Assert.Equal(3, table.FindLabel("b")?.Number);
    }

    [Fact]
    public void Every_partition_starts_at_a_mebibyte_and_the_disk_is_as_small_as_can_be()
    {
        GptTable table = Layout(4096);
        Assert.Equal([256L, 17 * 256L], table.Partitions.Select(p => p.FirstSector));
        Assert.Equal([4096L, 769L], table.Partitions.Select(p => p.Sectors));
        Assert.Equal(22L * MiB, table.DiskSectors * 4096);
        Assert.Throws<ArgumentException>(() => GptLayout.Place(DiskId, [new("a", PartitionType.Home, FirstId, 3 * MiB)], 512, 4 * MiB));
        Assert.Throws<ArgumentException>(() => GptLayout.Place(DiskId, [new(new string('a', 37), PartitionType.Home, FirstId, 3 * MiB)]));
        Assert.Throws<ArgumentException>(() => GptLayout.Place(DiskId, [new("a", PartitionType.Home, FirstId, 0)]));
    }

    private static GptTable Layout(int sectorSize) => GptLayout.Place(
        DiskId,
        [
            new("efi", PartitionType.EfiSystem, FirstId, 16 * MiB),
            new("root-\u00e4", PartitionType.RootX64, SecondId, (3 * MiB) + 1, PartitionAttributes.ReadOnly),
        ],
        sectorSize);

    private static byte[] MadeBySgdisk(TemporaryDirectory directory)
    {
        File.WriteAllBytes(directory["disk"], new byte[16 * MiB]);
        Tools.Run(
            "sgdisk", $"--disk-guid={DiskId}", "--new=1:2048:+1M", "--change-name=1:efi", "--typecode=1:ef00",
            $"--partition-guid=1:{FirstId}",
            "--new=3:8192:12287", "--change-name=3:root-\u00e4", $"--typecode=3:{PartitionType.RootX64}", $"--partition-guid=3:{SecondId}",
            "--attributes=3:set:60", directory["disk"]);
        return File.ReadAllBytes(directory["disk"]);
    }

    private static byte[] WithHeaderCrc(byte[] disk)
    {
        Span<byte> header = disk.AsSpan(512, 92);
        header.Slice(16, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32.Of(header));
        return disk;
    }
}
