using System;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Storage.Luks;
using InitRuntime.Unit.Formats.Luks2;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Storage.Luks;

/// <summary>What counts as a LUKS2 device, on files that cryptsetup formatted.</summary>
public sealed class LuksDeviceTests
{
    [Theory]
    [InlineData("16k")]
    [InlineData("32k")]
    [InlineData("64k")]
    [InlineData("128k")]
    [InlineData("256k")]
    [InlineData("512k")]
    [InlineData("1m")]
    [InlineData("2m")]
    [InlineData("4m")]
    public void A_header_of_every_size_is_found_and_so_is_its_second_copy_alone(string metadataSize)
    {
        using LuksImage image = LuksImage.Format("--luks2-metadata-size", metadataSize);
        LuksDevice device = Read(image);
        Assert.Equal(image.Length, device.LengthInBytes);
        Assert.False(device.IsFirstBootUnfinished || device.IsReencryptionUnfinished || device.Header.OtherCopyProblem.IsError);

        image.Write(0, new byte[4096]);
        LuksDevice second = Read(image);
        Assert.True(second.Header.IsSecondary);
        Assert.Equal(device.Header.Binary, second.Header.Binary);
        Assert.Equal("no LUKS magic", second.Header.OtherCopyProblem.Message);

        LuksDevice repaired = LuksHeader.Repair(second);
        Assert.False(repaired.Header.OtherCopyProblem.IsError);
        image.RealJson();
        image.TestPassphrase();
    }

    [Fact]
    public void Nothing_zeros_and_a_file_system_are_no_LUKS()
    {
        using LuksImage image = LuksImage.Empty();
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error));
        Assert.False(error.IsError);
        Assert.Null(LuksDevice.TryReadAt(image.Path, (long)image.Length + 1, image.Length, out error));
        Assert.False(error.IsError);
        Tools.Run("mkfs.ext4", "-q", image.Path);
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out error));
        Assert.False(error.IsError);
        File.WriteAllBytes(image.Path, []);
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, 0, out error));
        Assert.False(error.IsError);
    }

    [Fact]
    public void Two_damaged_copies_are_an_error_as_long_as_the_magic_says_LUKS()
    {
        using LuksImage image = LuksImage.Format();
        image.Write(4096, "x"u8);
        image.Write((16 << 10) + 4096, "y"u8);
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error));
        Assert.Matches("^first copy: checksum differs: .*; second copy: checksum differs: .*$", error.Message);
        image.Write(0, new byte[4096]);
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out error));
        Assert.False(error.IsError);
    }

    [Fact]
    public void LUKS1_is_refused_by_name()
    {
        using LuksImage image = LuksImage.Format("--type", "luks1");
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error));
        Assert.StartsWith("first copy: LUKS1, only LUKS2 is supported", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_copy_counts_when_bytes_that_say_nothing_stand_before_it()
    {
        using LuksImage image = LuksImage.Format();
        byte[] noise = new byte[4096];
        Array.Fill(noise, (byte)0xa5);
        image.Write(0, noise);

        LuksDevice? device = LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error);

        Assert.True(device is { Header.IsSecondary: true }, error.Message);
        Assert.True(device.Header.OtherCopyProblem.IsError);
    }

    [Fact]
    public void A_second_copy_that_was_left_behind_other_content_is_not_opened()
    {
        using LuksImage image = LuksImage.Format();
        byte[] first = image.Read(0, 4096);
        void Refused(byte[] start)
        {
            image.Write(0, start);
            Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error));
            Assert.Equal("a second LUKS2 copy at byte 16384 is in order, but something else stands where the first copy was", error.Message);
        }

        // What mkfs.ext4 leaves: a boot block of zeros, and a superblock.
        byte[] fileSystem = new byte[4096];
        fileSystem[1024 + 56] = 0x53;
        fileSystem[1024 + 57] = 0xef;
        Refused(fileSystem);

        // Another volume's first copy, torn; and LUKS1.
        byte[] other = [.. first];
        "f"u8.CopyTo(other.AsSpan(0xa8));
        Refused(other);
        other[7] = 1;
        Refused(other);

        // A damaged UUID behind the magic, and a damaged magic before the UUID, are still the volume.
        foreach (int damaged in (ReadOnlySpan<int>)[0, 0xa8])
        {
            byte[] own = [.. first];
            own[damaged] = 0xff;
            image.Write(0, own);
            Assert.True(Read(image).Header.IsSecondary);
        }
    }

    [Fact]
    public void A_header_that_does_not_fit_where_it_stands_is_refused()
    {
        using LuksImage image = LuksImage.Format();
        ulong length = image.Length;
        using (FileStream file = File.OpenWrite(image.Path))
        {
            file.SetLength(1 << 20);
        }

        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, length, out ParseError error));
        Assert.Equal("the LUKS2 header ends at byte 16777216, but there are only 1048576 bytes", error.Message);
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, 1 << 20, out error));
        Assert.Contains("the area ends at byte 16777216, the device at 1048576", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_boot_is_unfinished_until_its_token_goes_and_an_unknown_state_is_refused()
    {
        using LuksImage image = LuksImage.Format();
        LuksDevice device = LuksHeader.WriteTokens(Read(image), [TokenChange.Put(0, FirstBootToken.Write(FirstBootState.New))]);
        Assert.Equal((true, FirstBootState.New), (device.IsFirstBootUnfinished, device.FirstBoot!.State));
        device = LuksHeader.WriteTokens(device, [TokenChange.Put(0, FirstBootToken.Write(FirstBootState.Staged))]);
        Assert.Equal(FirstBootState.Staged, device.FirstBoot!.State);
        Assert.Equal("""{"type":"initruntime","keyslots":[],"state":"staged"}""", image.RealToken(0));
        device = LuksHeader.RemoveToken(device, device.FirstBoot.Number);
        Assert.False(device.IsFirstBootUnfinished);
        image.RealJson();
        image.TestPassphrase();

        string unknown = image.KeyFileOf("token", """{"type":"initruntime","keyslots":[],"state":"?"}""");
        LuksImage.Cryptsetup("token", "import", "--token-id", "9", "--json-file", unknown, image.Path);
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error));
        Assert.Equal("token 9.state: \"?\" is not known (new, staged)", error.Message);
    }

    [Fact]
    public void A_value_that_was_read_before_a_change_does_not_undo_it()
    {
        using LuksImage image = LuksImage.Format();
        LuksDevice old = Read(image);
        LuksImage.Cryptsetup("token", "add", "--key-description", "x", "--token-id", "1", image.Path);
        LuksDevice now = LuksHeader.WriteTokens(old, [TokenChange.Put(0, FirstBootToken.Write(FirstBootState.New))]);
        Assert.Equal([0, 1], now.Header.Metadata.Tokens.Select(token => token.Number));
        BootException e = Assert.Throws<BootException>(() => LuksHeader.WriteTokens(now, [TokenChange.Put(2, "{}"u8.ToArray())]));
        Assert.Equal(("tokens cannot be written: tokens.2.type: missing", image.Path), (e.Message, e.Device));
        image.Write(0, new byte[32 << 10]);
        Assert.Equal("its LUKS2 header is gone", Assert.Throws<BootException>(() => LuksHeader.Repair(now)).Message);
    }

    [Fact]
    public void A_copy_that_cannot_be_read_gives_way_to_the_other_and_an_unreadable_start_is_never_no_LUKS()
    {
        using LuksImage image = LuksImage.Format();
        byte[] device = File.ReadAllBytes(image.Path);
        LuksDevice? Read(int bad, int badLength, out ParseError error)
        {
            bool Reader(long offset, Span<byte> buffer)
            {
                device.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
                return offset + buffer.Length <= bad || offset >= bad + badLength;
            }

            return LuksDevice.TryRead(null, "disk", 0, image.Length, device.Length, Reader, out error);
        }

        Assert.True(Read(0, 4096, out _)!.Header.IsSecondary);
        Assert.True(Read(4608, 512, out _)!.Header.IsSecondary);
        Assert.Equal("no LUKS magic", Read(16 << 10, 1, out _)!.Header.OtherCopyProblem.Message);
        Assert.Equal("disk", Assert.Throws<BootException>(() => Read(0, 32 << 10, out _)).Device);
        device.AsSpan().Clear();
        BootException unknown = Assert.Throws<BootException>(() => Read(0, 1, out _));
        Assert.StartsWith("its start cannot be read: first copy: no LUKS magic", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_passphrase_is_tried_on_the_keyslots_that_a_token_names_or_on_all_but_the_ignored()
    {
        using LuksImage image = LuksImage.Format();
        void AddKey(string passphrase, params string[] kdf) => LuksImage.Cryptsetup(
            ["luksAddKey", "--key-file", image.KeyFile, "--pbkdf", .. kdf, image.Path, image.KeyFileOf(passphrase, passphrase)]);
        AddKey("second", "pbkdf2", "--pbkdf-force-iterations", "1000");
        AddKey("third", "argon2id", "--pbkdf-memory", "64", "--pbkdf-force-iterations", "4");
        string realKey = Convert.ToHexStringLower(image.RealVolumeKey());
        LuksImage.Cryptsetup("config", "--key-slot", "0", "--priority", "ignore", image.Path);
        LuksDevice device = Read(image);
        Luks2Volume volume = image.Volume();
        string Open(string passphrase, int[]? keyslots, uint memory = Luks2Keyslot.DefaultMemoryLimitInKiB)
        {
            using var key = new SecretBuffer(volume.KeyLength);
            bool opened = LuksVolume.TryOpenKeyslot(
                device, volume, keyslots, Encoding.UTF8.GetBytes(passphrase), key, out int keyslot, out ParseError error, memory);
            Assert.Equal((opened, opened ? realKey : new string('0', realKey.Length)), (!error.IsError && keyslot >= 0, Convert.ToHexStringLower(key.Span)));
            return opened ? $"{keyslot}" : error.Message;
        }

        Assert.Equal("1", Open("second", null));
        Assert.Equal("2", Open("third", null));
        Assert.Equal("2", Open("third", [0, 2]));
        Assert.Equal("keyslot 1 has another passphrase; keyslot 2 has another passphrase", Open(LuksImage.Passphrase, null));
        Assert.Equal("0", Open(LuksImage.Passphrase, [0]));
        Assert.Equal("keyslot 2 has another passphrase", Open("second", [2]));
        Assert.Equal("no keyslot to try", Open("second", []));
        Assert.Equal("no keyslot to try", Open("second", [7]));
        Assert.Equal("keyslot 2 needs 64 KiB of memory, allowed are 63", Open("third", [2], 63));
    }

    private static LuksDevice Read(LuksImage image)
    {
        LuksDevice? device = LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error);
        Assert.False(error.IsError, error.ToString());
        return device!;
    }
}
