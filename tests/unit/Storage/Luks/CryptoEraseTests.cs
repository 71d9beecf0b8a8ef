using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using InitRuntime.Formats;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Storage.Luks;
using InitRuntime.Unit.Formats.FileSystems;
using InitRuntime.Unit.Formats.Luks2;
using InitRuntime.Unit.Harness;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace InitRuntime.Unit.Storage.Luks;

/// <summary>cryptsetup and blkid say what is left.</summary>
public sealed class CryptoEraseTests
{
    private const int Mebibyte = 1 << 20;

    /// <summary>So large that something lies between what is overwritten at the start and at the end.</summary>
    private const int DeviceLength = 90 * Mebibyte;

    private const int HeadLength = 24 * Mebibyte;

    /// <summary>Two copies of 4 MiB, and keyslots from 8 to 24 MiB.</summary>
    private static readonly string[] _largeHeader =
        ["--luks2-metadata-size", "4m", "--luks2-keyslots-size", "16m", "--offset", $"{HeadLength / 512}"];

    [Theory]
    [InlineData("usual")]
    [InlineData("large")]
    [InlineData("first copy damaged")]
    [InlineData("both copies damaged")]
    [InlineData("LUKS1")]
    public void Nothing_is_left_that_gives_the_key_back(string kind)
    {
        using LuksImage image = Encrypted(kind == "large" ? _largeHeader : kind == "LUKS1" ? ["--type", "luks1"] : []);
        // An offset that the header does not tell is that of the longest one.
        int head = kind switch { "large" => HeadLength, "both copies damaged" or "LUKS1" => DeviceLength, _ => 16 * Mebibyte };
        if (kind.Contains("damaged", StringComparison.Ordinal))
        {
            image.Write(4096, "x"u8);
        }

        if (kind.StartsWith("both", StringComparison.Ordinal))
        {
            image.Write((16 << 10) + 4096, "x"u8);
        }

        byte[] old = image.Read(0, DeviceLength);
        int fed = 0;
        CryptoErase.Erase(image.Path, () => fed++);

        byte[] now = image.Read(0, DeviceLength);
        Assert.Equal(DeviceLength, (long)image.Length);
        Assert.False(now.AsSpan(0, head).ContainsAnyExcept((byte)0));
        Assert.False(now.AsSpan(DeviceLength - (48 * Mebibyte)).ContainsAnyExcept((byte)0));
        int kept = Math.Max(head, DeviceLength - (48 * Mebibyte));
        Assert.True(head == DeviceLength || now.AsSpan(head, kept - head).SequenceEqual(old.AsSpan(head, kept - head)));
        Assert.InRange(fed, 2 * (head + (48 * Mebibyte)) / (4 * Mebibyte), 100);
        AssertNothingIsThere(image);
        CryptoErase.Erase(image.Path, () => { });
        AssertNothingIsThere(image);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(20 * Mebibyte)]
    [InlineData(50 * Mebibyte)]
    public void A_device_is_overwritten_wholly_where_it_is_too_small_for_more(int length)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["device"], [.. Enumerable.Repeat((byte)1, length)]);
        CryptoErase.Erase(directory["device"], () => { });
        Assert.Equal(new byte[length], File.ReadAllBytes(directory["device"]));
    }

    [Fact]
    public void A_header_that_was_staged_for_an_encryption_in_place_is_gone_too()
    {
        using LuksImage image = LuksImage.Empty(DeviceLength);
        using LuksImage staged = Encrypted([]);
        image.Write(DeviceLength - (48 * Mebibyte), staged.Read(0, 16 * Mebibyte));
        Assert.NotNull(LuksDevice.TryReadAt(image.Path, DeviceLength - (48 * Mebibyte), DeviceLength, out _));
        CryptoErase.Erase(image.Path, () => { });
        Assert.Null(LuksDevice.TryReadAt(image.Path, DeviceLength - (48 * Mebibyte), DeviceLength, out _));
    }

    [Fact]
    public void A_header_that_can_still_be_read_after_a_cut_has_lost_its_keyslots_first_and_tells_how_far_the_work_is_to_go()
    {
        using LuksImage image = Encrypted(_largeHeader);
        byte[] old = image.Read(0, DeviceLength);
        var disk = new Disk([.. old]);
        CryptoErase.Stretch[] stretches = Stretches(image.Path);
        Assert.Equal([new(DeviceLength - (48 * Mebibyte), DeviceLength), new(64 * Mebibyte, (64 * Mebibyte) + 69632), new(0, HeadLength)], stretches);
        int cuts = 0, withHeader = 0;
        foreach (DiskRegion region in CryptoErase.Regions(stretches, random: true, () => { }))
        {
            foreach (double part in (double[])[0, 0.5, 1])
            {
                int length = (int)(region.Bytes.Length * part) / 512 * 512;
                region.Bytes.AsSpan(0, length).CopyTo(disk.Content.AsSpan((int)region.Offset));
                bool isKnown = disk.Read(out ParseError error) is not null;
                bool isOverwritten = !HasEqualSector(disk.Content.AsSpan(8 * Mebibyte, 16 * Mebibyte), old.AsSpan(8 * Mebibyte));
                Assert.True(isKnown || isOverwritten, $"cut at {region.Offset} + {length}: {error}");
                withHeader += isKnown ? 1 : 0;
                cuts++;
            }
        }

        Assert.Equal(3 * (12 + 1 + 6), cuts);
        // Only the last chunk takes the first copy away.
        Assert.Equal(cuts - 2, withHeader);
    }

    [Fact]
    public void A_reset_that_was_cut_is_done_by_the_next_one()
    {
        using LuksImage image = Encrypted(_largeHeader);
        byte[] old = image.Read(0, DeviceLength);
        CryptoErase.Stretch[] stretches = Stretches(image.Path);
        DiskRegion[] steps =
        [
            .. CryptoErase.Regions(stretches, random: true, () => { }), .. CryptoErase.Regions(stretches, random: false, () => { }),
        ];
        // Cut within the tail, before and within the head, before the first copy goes, after it, and while zeros are written.
        foreach (int cut in (int[])[1, 12, 13, 14, 17, 18, 19, 25, steps.Length - 1])
        {
            image.Write(0, old);
            foreach (DiskRegion region in steps[..cut])
            {
                image.Write(region.Offset, region.Bytes);
            }

            image.Write(steps[cut].Offset, steps[cut].Bytes.AsSpan(0, steps[cut].Bytes.Length / 2));
            CryptoErase.Erase(image.Path, () => { });
            byte[] now = image.Read(0, DeviceLength);
            Assert.False(HasEqualSector(now.AsSpan(0, HeadLength), old));
            AssertNothingIsThere(image);
        }
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("btrfs")]
    public void Plain_file_systems_lose_their_superblocks_and_the_record_of_a_snapshot_behind_them(string type)
    {
        using FileSystemImage image = type == "ext4" ? FileSystemImage.Ext("mkfs.ext4") : FileSystemImage.Btrfs();
        int fileSystemLength = (int)new FileInfo(image.Path).Length;
        int length = fileSystemLength + (60 * Mebibyte);
        using (FileStream file = File.OpenWrite(image.Path))
        {
            file.SetLength(length);
            file.Position = fileSystemLength;
            file.Write([.. Enumerable.Repeat((byte)1, 3 * Mebibyte)]);
        }

        Assert.Contains($"TYPE=\"{type}\"", Tools.Run("blkid", "-p", image.Path), StringComparison.Ordinal);
        CryptoErase.Erase(image.Path, () => { });
        Assert.Throws<BuildException>(() => Tools.Run("blkid", "-p", image.Path));
        byte[] now = File.ReadAllBytes(image.Path);
        Assert.False(now.AsSpan(fileSystemLength, 2 * Mebibyte).ContainsAnyExcept((byte)0));
        Assert.Equal(Mebibyte, now.AsSpan(fileSystemLength + (2 * Mebibyte), Mebibyte).Count((byte)1));
        Assert.False(now.AsSpan(0, 16 * Mebibyte).ContainsAnyExcept((byte)0));
        if (type == "btrfs")
        {
            Assert.DoesNotContain("UUID", TryRun("btrfs", "rescue", "super-recover", "-v", "-y", image.Path) ?? "", StringComparison.Ordinal);
            Assert.False(now.AsSpan(64 * Mebibyte, 69632).ContainsAnyExcept((byte)0));
        }
    }

    [FactWithLoopDevice]
    public void A_disk_that_can_discard_loses_all_that_it_held()
    {
        using LuksImage image = Encrypted([]);
        byte[] data = image.Read(0, DeviceLength);
        using var disk = new LoopDevice(DeviceLength, fill: path => File.WriteAllBytes(path, data));
        Assert.NotNull(LuksDevice.TryReadAt(disk.Path, 0, DeviceLength, out _));
        Assert.True(CryptoErase.Erase(disk.Path, () => { }));
        Assert.Equal(new byte[DeviceLength], File.ReadAllBytes(disk.File));
        Assert.False(CryptoErase.Erase(disk.File, () => { }));
    }

    private static void AssertNothingIsThere(LuksImage image)
    {
        Assert.Null(TryRun("cryptsetup", "isLuks", image.Path));
        Assert.Null(TryRun("cryptsetup", "luksDump", image.Path));
        Assert.Null(TryRun("cryptsetup", "repair", "--batch-mode", "--key-file", image.KeyFile, image.Path));
        Assert.Null(TryRun("cryptsetup", "open", "--test-passphrase", "--key-file", image.KeyFile, image.Path));
        Assert.Null(TryRun("blkid", "-p", image.Path));
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error));
        Assert.False(error.IsError);
    }

    /// <summary>Its output; null if it says no.</summary>
    private static string? TryRun(string tool, params string[] arguments)
    {
        try
        {
            return Tools.Run(tool, arguments);
        }
        catch (BuildException)
        {
            return null;
        }
    }

    /// <summary>An encrypted device whose every other byte is noise, as in use.</summary>
    private static LuksImage Encrypted(string[] options)
    {
        LuksImage image = LuksImage.Empty(DeviceLength);
        image.Write(0, RandomNumberGenerator.GetBytes(DeviceLength));
        LuksImage.Cryptsetup(
            ["luksFormat", "--batch-mode", "--key-file", image.KeyFile, "--pbkdf-force-iterations", "1000", .. options.Contains("luks1") ? [] : (string[])["--pbkdf", "pbkdf2"], .. options, image.Path]);
        return image;
    }

    private static CryptoErase.Stretch[] Stretches(string path)
    {
        using SafeFileHandle handle = KernelFile.Open(path);
        return CryptoErase.Stretches(path, handle, KernelFile.LengthOf(handle, path));
    }

    private static bool HasEqualSector(ReadOnlySpan<byte> now, ReadOnlySpan<byte> old)
    {
        for (int at = 0; at < now.Length; at += 512)
        {
            // Sectors that were zero before say nothing.
            if (now.Slice(at, 512).SequenceEqual(old.Slice(at, 512)) && old.Slice(at, 512).ContainsAnyExcept((byte)0))
            {
                return true;
            }
        }

        return false;
    }
}
