using System;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

public sealed class HeaderTests
{
    private const int Copy = 16 << 10;

    [Fact]
    public void Both_copies_of_a_fresh_header_are_in_order_and_say_what_cryptsetup_was_told()
    {
        using LuksImage image = LuksImage.Format("--label", "data", "--subsystem", "init", "--luks2-keyslots-size", "1m");
        Luks2Header header = image.Header();
        Assert.Equal(
            new Luks2BinaryHeader(Copy, header.Binary.SequenceId, "data", "init", "sha256", new("01234567-89ab-cdef-0123-456789abcdef")), header.Binary);
        Assert.False(header.IsSecondary || header.PrimaryProblem.IsError || header.SecondaryProblem.IsError);
        Assert.Equal(1 << 20, header.Metadata.KeyslotsLength);
        Assert.Equal(LuksImage.Cryptsetup("luksUUID", image.Path).Trim(), header.Binary.Uuid.ToString());
        Assert.True(Luks2Header.HasMagic(image.Read(0, 16)));
    }

    [Theory]
    [InlineData("16k", 0)]
    [InlineData("16k", 0x1c0)]
    [InlineData("16k", 8)]
    [InlineData("16k", 4096)]
    [InlineData("16k", Copy - 1)]
    [InlineData("4m", 0)]
    [InlineData("4m", 8)]
    [InlineData("4m", (4 << 20) - 1)]
    public void A_damaged_first_copy_gives_way_to_the_second(string metadataSize, int damagedByte)
    {
        using LuksImage image = LuksImage.Format("--luks2-metadata-size", metadataSize);
        Luks2Header before = image.Header();
        image.Write(damagedByte, [(byte)(image.Read(damagedByte, 1)[0] ^ 0x20)]);
        Luks2Header after = image.Header();
        Assert.True(after.IsSecondary);
        Assert.True(after.PrimaryProblem.IsError);
        Assert.Equal(before.Binary, after.Binary);
        Assert.Equal(image.RealVolumeKey(), image.Open(image.Volume(), 0, LuksImage.Passphrase, out _));
    }

    [Fact]
    public void A_damaged_second_copy_is_noticed_and_does_not_matter()
    {
        using LuksImage image = LuksImage.Format();
        image.Write(Copy + 5000, [0xff]);
        Luks2Header header = image.Header();
        Assert.False(header.IsSecondary);
        Assert.StartsWith("checksum differs: expected ", header.SecondaryProblem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_valid_copies_the_newer_counts_whichever_it_is()
    {
        using LuksImage image = LuksImage.Format();
        byte[] old = image.Read(0, 2 * Copy);
        LuksImage.Cryptsetup("config", "--label", "newer", image.Path);
        byte[] changed = image.Read(0, 2 * Copy);

        image.Write(0, old.AsSpan(0, Copy));
        Luks2Header header = image.Header();
        Assert.Equal(("newer", true, false), (header.Binary.Label, header.IsSecondary, header.PrimaryProblem.IsError));

        image.Write(0, changed.AsSpan(0, Copy));
        image.Write(Copy, old.AsSpan(Copy));
        header = image.Header();
        Assert.Equal(("newer", false, false), (header.Binary.Label, header.IsSecondary, header.SecondaryProblem.IsError));
    }

    [Fact]
    public void Two_damaged_copies_are_refused_with_both_reasons()
    {
        using LuksImage image = LuksImage.Format();
        image.Write(4096, "x"u8);
        image.Write(Copy + 4096, "y"u8);
        Assert.False(image.TryHeader(out _, out ParseError error));
        Assert.Matches("^first copy: checksum differs: expected .*; second copy: checksum differs: expected .*$", error.Message);
    }

    [Fact]
    public void LUKS1_is_refused_by_name_and_what_cryptsetup_made_of_it_opens()
    {
        using LuksImage image = LuksImage.Format("--type", "luks1");
        Assert.False(image.TryHeader(out _, out ParseError error));
        Assert.StartsWith("first copy: LUKS1, only LUKS2 is supported", error.Message, StringComparison.Ordinal);
        Assert.True(Luks2Header.HasMagic(image.Read(0, 16)));
        byte[] key = image.RealVolumeKey();
        LuksImage.Cryptsetup("convert", "--type", "luks2", "--batch-mode", image.Path);
        Assert.Equal(key, image.Open(image.Volume(), 0, LuksImage.Passphrase, out _));
    }

    [Fact]
    public void Zeros_and_short_reads_are_refused()
    {
        using LuksImage image = LuksImage.Empty();
        Assert.False(image.TryHeader(out _, out ParseError error));
        Assert.Equal("first copy: no LUKS magic; second copy: no LUKS magic", error.Message);
        Assert.False(Luks2Header.TryParse([], 0, out _, out error));
        Assert.Equal("first copy: cut short; second copy: cut short", error.Message);
    }

    [Fact]
    public void Hostile_bytes_of_a_header_never_throw()
    {
        using LuksImage image = LuksImage.Format();
        ulong length = image.Length;
        byte[] device = image.Read(0, 2 * Copy);
        Hostile.EveryPrefixAndEveryDamagedByte(device.AsSpan(0, Luks2BinaryHeader.Length), bytes => Luks2BinaryHeader.TryParse(bytes, 0, out _, out _));
        for (int i = 0; i < device.Length; i += 293)
        {
            Luks2Header.TryParse(device.AsSpan(0, i), length, out _, out _);
            device[i] ^= 0xff;
            Assert.True(Luks2Header.TryParse(device, length, out Luks2Header header, out _));
            Assert.True(header.PrimaryProblem.IsError ^ header.SecondaryProblem.IsError);
            device[i] ^= 0xff;
        }
    }

    [Fact]
    public void Hostile_bytes_of_the_metadata_never_throw()
    {
        using LuksImage image = LuksImage.Format("--pbkdf", "argon2id", "--pbkdf-memory", "32", "--pbkdf-force-iterations", "4");
        byte[] area = [.. Encoding.UTF8.GetBytes(image.Json()), 0];
        Hostile.EveryPrefixAndEveryDamagedByte(area, bytes => Luks2MetadataReader.TryParse(bytes, Copy, image.Length, out _, out _));
    }
}
