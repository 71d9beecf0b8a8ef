using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Fat;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Fat;

public sealed class FatVolumeTests
{
    private const string LongName = "A long name, with \u00e4.config";

    [Theory]
    [InlineData(FatKind.Fat12, 1440, 512, 1)]
    [InlineData(FatKind.Fat12, 2048, 512, 8)]
    [InlineData(FatKind.Fat16, 32768, 512, 4)]
    [InlineData(FatKind.Fat16, 32768, 4096, 1)]
    [InlineData(FatKind.Fat32, 36864, 512, 1)]
    [InlineData(FatKind.Fat32, 8192, 512, 2)]
    public void Files_that_mtools_writes_are_found_in_pieces_and_can_be_written_in_place(
        FatKind kind, int kibibytes, int sectorSize, int sectorsPerCluster)
    {
        using var directory = new TemporaryDirectory();
        string image = Make(directory, kind, kibibytes, sectorSize, sectorsPerCluster);
        byte[] environment = Data(132104);
        // Every other one of many small files is removed again, so that the large one gets their places.
        string[] small = [.. Enumerable.Range(0, 20).Select(i => directory[$"small{i}"])];
        Array.ForEach(small, path => File.WriteAllBytes(path, Data(2 * sectorSize * sectorsPerCluster)));
        Tools.Run("mcopy", ["-i", image, .. small, "::"]);
        Tools.Run("mdel", ["-i", image, .. Enumerable.Range(0, 10).Select(i => $"::small{2 * i}")]);
        SearchFromTheFront(image, kind);
        Put(directory, image, "BGENV.DAT", environment);
        Put(directory, image, LongName, "C:BOOT0:"u8.ToArray());
        Put(directory, image, "empty", []);
        Tools.Run("mmd", "-i", image, "::EFI");

        byte[] bytes = File.ReadAllBytes(image);
        FatVolume volume = Open(bytes);
        Assert.Equal((kind, sectorSize * sectorsPerCluster), (volume.Kind, volume.ClusterSize));
        FatFile file = Find(volume, "bgenv.dat")!;
        Assert.Equal(132104, file.Length);
        Assert.Equal(file.Length, file.Extents.Sum(extent => extent.Length));
        Assert.True(file.Extents.Count > 5, $"{file.Extents.Count} extents only");
        Assert.Equal(environment, Content(file, bytes));
        Assert.Equal("C:BOOT0:"u8, Content(Find(volume, LongName.ToUpperInvariant())!, bytes));
        Assert.Empty(Find(volume, "EMPTY")!.Extents);
        Assert.Null(Find(volume, "EFI"));
        Assert.Null(Find(volume, "SMALL2"));
        Assert.Null(Find(volume, "BGENV"));
        Assert.False(file.TryRead(Bytes.Of(bytes), 132103, out _, out ParseError error));
        Assert.Equal("BGENV.DAT: 132104 bytes, at most 132103 are read", error.Message);

        Assert.True(volume.TryReadRoot(out IReadOnlyList<FatEntry>? entries, out _));
        Assert.Equal(
            ["BGENV.DAT", LongName, "EFI", "empty", .. small.Where(
                (_, i) => i % 2 == 1).Select(Path.GetFileName).Order(StringComparer.Ordinal)],
            entries.Select(entry => entry.Name).OrderBy(name => name == LongName ? "C" : name, StringComparer.Ordinal));
        Assert.Equal("EFI", Assert.Single(entries, entry => entry.IsDirectory).Name);

        byte[] changed = [.. environment.Select(b => (byte)(b ^ 0xff))];
        int at = 0;
        foreach (FatExtent extent in file.Extents)
        {
            changed.AsSpan(at, (int)extent.Length).CopyTo(bytes.AsSpan((int)extent.Offset));
            at += (int)extent.Length;
        }

        File.WriteAllBytes(image, bytes);
        Tools.Run("mcopy", "-i", image, "::BGENV.DAT", directory["back"]);
        Assert.Equal(changed, File.ReadAllBytes(directory["back"]));
        Tools.Run("fsck.fat", "-n", image);
    }

    [Fact]
    public void A_root_directory_of_several_clusters_is_read_to_its_end()
    {
        using var directory = new TemporaryDirectory();
        string image = Make(directory, FatKind.Fat32, 8192, 512, 1);
        string[] files = [.. Enumerable.Range(0, 100).Select(i => directory[$"a file with a long name {i}"])];
        Array.ForEach(files, path => File.WriteAllText(path, path));
        Tools.Run("mcopy", ["-i", image, .. files, "::"]);
        byte[] bytes = File.ReadAllBytes(image);
        Assert.Equal(files[99], System.Text.Encoding.ASCII.GetString(Content(Find(Open(bytes), "a file with a long name 99")!, bytes)));
    }

    [Theory]
    [InlineData(FatKind.Fat12, 2048)]
    [InlineData(FatKind.Fat16, 8192)]
    [InlineData(FatKind.Fat32, 8192)]
    public void Directories_that_mtools_makes_are_read(FatKind kind, int kibibytes)
    {
        using var directory = new TemporaryDirectory();
        string image = Make(directory, kind, kibibytes, 512, 1);
        Tools.Run("mmd", "-i", image, "::EFI", "::EFI/Linux");
        string[] files = [.. Enumerable.Range(0, 30).Select(i => directory[$"initruntime-{i}-root-a+1.efi"])];
        Array.ForEach(files, path => File.WriteAllText(path, path));
        Tools.Run("mcopy", ["-i", image, .. files, "::EFI/Linux"]);
        byte[] bytes = File.ReadAllBytes(image);
        FatVolume volume = Open(bytes);
        Assert.True(volume.TryReadDirectory("efi/linux", out IReadOnlyList<FatEntry> entries, out _));
        Assert.Equal(
            files.Select(Path.GetFileName).Order(StringComparer.Ordinal),
            entries.Where(entry => !entry.IsDirectory).Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.True(volume.TryReadDirectory("EFI/none", out entries, out _));
        Assert.Empty(entries);

        // Where a directory says that it begins, there is nothing.
        Assert.True(volume.TryReadRoot(out IReadOnlyList<FatEntry>? root, out _));
        int at = bytes.AsSpan().IndexOf("EFI        "u8);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + 26), 0xfff0);
        Assert.False(Open(bytes).TryReadDirectory("EFI/Linux", out _, out ParseError error));
        Assert.Contains("EFI begins in cluster", error.Message, StringComparison.Ordinal);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + 26), (ushort)root[0].FirstCluster);
        Link(bytes, kind, root[0].FirstCluster, root[0].FirstCluster);
        Assert.False(Open(bytes).TryReadDirectory("EFI/Linux", out _, out error));
        Assert.Equal("a directory has no end", error.Message);
    }

    [Theory]
    [InlineData(FatKind.Fat12, 2048)]
    [InlineData(FatKind.Fat16, 8192)]
    [InlineData(FatKind.Fat32, 8192)]
    public void Chains_that_cannot_be_are_named(FatKind kind, int kibibytes)
    {
        using var directory = new TemporaryDirectory();
        string image = Make(directory, kind, kibibytes, 512, 1);
        Put(directory, image, "FILE", Data(3 * 512));
        byte[] bytes = File.ReadAllBytes(image);
        FatVolume volume = Open(bytes);
        Assert.True(volume.TryReadRoot(out IReadOnlyList<FatEntry>? entries, out _));
        uint first = entries[0].FirstCluster;

        Link(bytes, kind, first + 1, first);
        Refused("FILE: its clusters go in a circle");
        Link(bytes, kind, first + 1, 1);
        Refused($"FILE: cluster 1 of {volume.Clusters} after 1024 of 1536 bytes");
        Link(bytes, kind, first + 1, (uint)volume.Clusters + 2);
        Refused($"FILE: cluster {volume.Clusters + 2} of {volume.Clusters} after 1024 of 1536 bytes");
        uint end = kind switch { FatKind.Fat12 => 0xfff, FatKind.Fat16 => 0xffff, _ => 0x0fffffff };
        Link(bytes, kind, first, end);
        Refused($"FILE: cluster {end} of {volume.Clusters} after 512 of 1536 bytes");
        if (kind == FatKind.Fat32)
        {
            Link(bytes, kind, 2, 2);
            Refused("a directory has no end");
            Link(bytes, kind, 2, 0);
            Refused($"a directory goes on in cluster 0 of {volume.Clusters}");
        }

        void Refused(string expected)
        {
            Assert.False(Open(bytes).TryFindFile("FILE", out _, out ParseError error));
            Assert.Equal(expected, error.Message);
        }
    }

    [Fact]
    public void A_file_larger_than_its_file_system_is_named()
    {
        using var directory = new TemporaryDirectory();
        string image = Make(directory, FatKind.Fat12, 2048, 512, 1);
        Put(directory, image, "FILE", Data(512));
        byte[] bytes = File.ReadAllBytes(image);
        int entry = bytes.AsSpan().IndexOf("FILE       "u8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(entry + 28), uint.MaxValue);
        Assert.False(Open(bytes).TryFindFile("FILE", out _, out ParseError error));
        Assert.Equal("FILE: 4294967295 bytes, more than the file system", error.Message);
    }

    [Theory]
    [InlineData(510, 1, 0x00, "no boot sector signature")]
    [InlineData(11, 2, 1000, "sectors of 1000 bytes")]
    [InlineData(13, 1, 3, "clusters of 3 sectors")]
    [InlineData(14, 2, 0, "no reserved sectors")]
    [InlineData(16, 1, 5, "5 allocation tables, wanted 1 to 4")]
    [InlineData(17, 2, 0, "0 entries in the root directory")]
    [InlineData(19, 2, 65535, "65535 sectors of 512 bytes in a partition of 2097152 bytes")]
    [InlineData(19, 2, 5, "5 sectors, the data begin in sector ")]
    [InlineData(22, 2, 1, "an allocation table of 1 sectors for ")]
    public void Absurd_geometry_is_a_named_error(int offset, int length, int value, string expected)
    {
        using var directory = new TemporaryDirectory();
        byte[] bytes = File.ReadAllBytes(Make(directory, FatKind.Fat12, 2048, 512, 1));
        for (int i = 0; i < length; i++)
        {
            bytes[offset + i] = (byte)((value >> (8 * i)) & 0xff);
        }

        Assert.False(FatVolume.TryOpen(Bytes.Of(bytes), bytes.Length, out _, out ParseError error));
        Assert.StartsWith(expected, error.Message);
    }

    [Theory]
    [InlineData(FatKind.Fat12, 64, "-r", "16")]
    [InlineData(FatKind.Fat32, 64, "-R", "2")]
    public void Damage_is_answered_and_never_thrown(FatKind kind, int kibibytes, string option, string value)
    {
        using var directory = new TemporaryDirectory();
        string image = directory["image"];
        Tools.Run("mkfs.fat", "-C", "-F", $"{(int)kind}", "-s", "1", "-a", "-f", "1", option, value, image, $"{kibibytes}");
        Put(directory, image, LongName, Data(1200));
        byte[] working = File.ReadAllBytes(image);
        // Boot sector, allocation table and root directory.
        byte[] good = working[..2560];
        Hostile.EveryPrefixAndEveryDamagedByte(good, damaged =>
        {
            working.AsSpan(0, good.Length).Clear();
            damaged.CopyTo(working);
            return FatVolume.TryOpen(Bytes.Of(working), working.Length, out FatVolume? volume, out _)
                && volume.TryFindFile(LongName, out FatFile? file, out _)
                && file is not null
                && file.TryRead(Bytes.Of(working), 2048, out _, out _);
        });
    }

    private static string Make(TemporaryDirectory directory, FatKind kind, int kibibytes, int sectorSize, int sectorsPerCluster)
    {
        Tools.Run(
            "mkfs.fat", "-C", "-F", $"{(int)kind}", "-S", $"{sectorSize}", "-s", $"{sectorsPerCluster}", "-n", "BOOT0",
            directory["image"], $"{kibibytes}");
        return directory["image"];
    }

    /// <summary>FAT32 has a hint where free clusters are, in its FSInfo sector: it would put a file behind all others.</summary>
    private static void SearchFromTheFront(string image, FatKind kind)
    {
        if (kind == FatKind.Fat32)
        {
            using FileStream file = File.OpenWrite(image);
            file.Position = 512 + 492;
            file.Write([2, 0, 0, 0]);
        }
    }

    private static void Put(TemporaryDirectory directory, string image, string name, byte[] content)
    {
        File.WriteAllBytes(directory["put"], content);
        Tools.Run("mcopy", "-i", image, directory["put"], $"::{name}");
    }

    /// <summary>Puts a number into the first allocation table, which begins behind the reserved sectors.</summary>
    private static void Link(byte[] image, FatKind kind, uint cluster, uint next)
    {
        int table = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(14)) * 512;
        Span<byte> entry = image.AsSpan(table + (int)(cluster * (uint)kind / 8));
        if (kind == FatKind.Fat32)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(entry, next);
        }
        else
        {
            uint old = BinaryPrimitives.ReadUInt16LittleEndian(entry);
            uint mixed = kind == FatKind.Fat16 ? next : cluster % 2 == 1 ? (next << 4) | (old & 0xf) : next | (old & 0xf000);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)mixed);
        }
    }

    private static FatVolume Open(byte[] image)
    {
        Assert.True(FatVolume.TryOpen(Bytes.Of(image), image.Length, out FatVolume? volume, out ParseError error), error.Message);
        return volume!;
    }

    private static FatFile? Find(FatVolume volume, string name)
    {
        Assert.True(volume.TryFindFile(name, out FatFile? file, out ParseError error), error.Message);
        return file;
    }

    private static byte[] Content(FatFile file, byte[] image)
    {
        Assert.True(file.TryRead(Bytes.Of(image), 1 << 20, out byte[]? content, out ParseError error), error.Message);
        return content!;
    }

    private static byte[] Data(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31 % 253))];
}
