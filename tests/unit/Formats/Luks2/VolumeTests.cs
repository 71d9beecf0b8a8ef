using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

public sealed class VolumeTests
{
    private const string Uuid = "01234567-89ab-cdef-0123-456789abcdef";

    [Fact]
    public void The_table_names_the_key_as_cryptsetup_does_and_holds_no_key()
    {
        using LuksImage image = LuksImage.Format("--sector-size", "4096", "--luks2-keyslots-size", "1m");
        Luks2Volume volume = image.Volume();
        Assert.True(CryptTable.TryMake(volume, 254, 3, image.Length, out ulong sectors, out string parameters, out _));
        Assert.Equal($"aes-xts-plain64 :64:logon:cryptsetup:{Uuid}-d0 0 254:3 {volume.Segment.Offset / 512} 1 sector_size:4096", parameters);
        Assert.Equal((image.Length - volume.Segment.Offset) / 512, sectors);
        Assert.Equal("CRYPT-LUKS2-0123456789abcdef0123456789abcdef-var", CryptTable.DeviceUuid(volume, "var"));
        Assert.False(CryptTable.TryMake(volume, 254, 3, image.Length + 512, out _, out _, out ParseError error));
        Assert.Matches("^[0-9]+ bytes of data behind byte [0-9]+ of a device of 20972032 bytes are not whole sectors of 4096 bytes$", error.Message);
        Assert.False(CryptTable.TryMake(volume, 254, 3, volume.Segment.Offset, out _, out _, out _));
    }

    [Fact]
    public void A_name_that_device_mapper_would_change_is_refused()
    {
        using LuksImage image = LuksImage.Format();
        Luks2Volume volume = image.Volume();
        foreach (string name in (string[])["", "a/b", "two words", "line\n", new('x', 84)])
        {
            Assert.Throws<ArgumentException>(() => CryptTable.DeviceUuid(volume, name));
        }

        Assert.Equal(128, CryptTable.DeviceUuid(volume, new('x', 83)).Length);
    }

    [Fact]
    public void Flags_kept_in_the_header_reach_the_table()
    {
        using LuksImage image = LuksImage.Format("--sector-size", "512", "--key-size", "256");
        image.ChangeJson("\"config\":{", "\"config\":{\"flags\":[\"allow-discards\",\"no-read-workqueue\",\"no-write-workqueue\",\"of-tomorrow\"],");
        Assert.Contains("allow-discards no-read-workqueue no-write-workqueue", LuksImage.Cryptsetup("luksDump", image.Path), StringComparison.Ordinal);
        Assert.True(CryptTable.TryMake(image.Volume(), 8, 1, image.Length, out _, out string parameters, out _));
        Assert.EndsWith(" 3 allow_discards no_read_workqueue no_write_workqueue", parameters, StringComparison.Ordinal);
        Assert.StartsWith("aes-xts-plain64 :32:logon:", parameters, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unfinished_re_encryption_is_recognised_and_never_opened()
    {
        using LuksImage image = LuksImage.Empty();
        LuksImage.Cryptsetup(
            "reencrypt", "--encrypt", "--init-only", "--batch-mode", "--key-file", image.KeyFile, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
            "--reduce-device-size", "8M", image.Path);
        Luks2Header header = image.Header();
        Assert.True(header.Metadata.IsReencryptionUnfinished);
        Assert.False(Luks2Volume.TryFind(header, out _, out ParseError error));
        Assert.Equal("its re-encryption is not finished", error.Message);

        LuksImage.Cryptsetup("reencrypt", "--resume-only", "--force-offline-reencrypt", "--batch-mode", "--key-file", image.KeyFile, image.Path);
        Assert.False(image.Header().Metadata.IsReencryptionUnfinished);
        Assert.Equal(image.RealVolumeKey(), image.Open(image.Volume(), 0, LuksImage.Passphrase, out _));
    }

    [Theory]
    [InlineData("\"config\":{", "\"config\":{\"requirements\":{\"mandatory\":[\"inline-hw-tags\"]},", "it requires \"inline-hw-tags\", which is not known")]
    [InlineData("\"sector_size\"", "\"integrity\":{\"type\":\"hmac(sha256)\",\"journal_encryption\":\"none\",\"journal_integrity\":\"none\"},\"sector_size\"", "its data have integrity \"hmac(sha256)\", which is not supported")]
    [InlineData("\"iv_tweak\":\"0\",\"encryption\":\"aes-xts-plain64\"", "\"iv_tweak\":\"0\",\"encryption\":\"serpent-xts-plain64\"", "its data are encrypted with \"serpent-xts-plain64\", only aes-xts-plain64 is known")]
    [InlineData("\"type\":\"crypt\"", "\"type\":\"hw-opal\"", "its data segment is of type \"hw-opal\", only crypt is known")]
    [InlineData("\"hash\":\"sha256\"},\"area\"", "\"hash\":\"whirlpool\"},\"area\"", "keyslot 0's splitter uses \"whirlpool\", known are sha1, sha256, sha384, sha512")]
    [InlineData("\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\"", "\"type\":\"scrypt\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\"", "keyslot 0 has the KDF \"scrypt\", known are pbkdf2, argon2i, argon2id")]
    [InlineData("\"segments\":[\"0\"]", "\"segments\":[]", "0 digests prove its key, wanted one")]
    [InlineData("\"offset\":\"16777216\",\"size\":\"dynamic\"", "\"offset\":\"32768\",\"size\":\"dynamic\"", "its data begin at byte 32768, before the end of the header at 16777216")]
    public void What_is_not_known_is_refused_by_name(string from, string to, string expected)
    {
        using LuksImage image = LuksImage.Format("--sector-size", "512");
        image.ChangeJson(from, to);
        Assert.False(Luks2Volume.TryFind(image.Header(), out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }

    [Theory]
    [InlineData("\"offset\":\"32768\"", "\"offset\":\"0\"", "keyslots.0.area: 258048 bytes at 0 are not within 32768 to 16777216")]
    [InlineData("\"offset\":\"32768\"", "\"offset\":\"18446744073709551615\"", "keyslots.0.area: 258048 bytes at 18446744073709551615 are not within 32768 to 16777216")]
    [InlineData("\"offset\":\"32768\"", "\"offset\":\"-1\"", "keyslots.0.area.offset: \"-1\" is not a number")]
    [InlineData("\"size\":\"258048\"", "\"size\":\"4096\"", "keyslots.0.area.size: 4096 bytes, the stripes need 256000")]
    [InlineData("\"size\":\"dynamic\"", "\"size\":\"33554432\"", "segments.0: \"33554432\" bytes at 16777216 are not sectors of a device of 20971520 bytes")]
    [InlineData("\"size\":\"dynamic\"", "\"size\":\"18446744073709551104\"", "segments.0: \"18446744073709551104\" bytes at 16777216 are not sectors of a device of 20971520 bytes")]
    [InlineData("\"iterations\":1000,", "\"iterations\":0,", "keyslots.0.kdf.iterations: not a number from 1 to 100000000")]
    [InlineData("\"iterations\":1000,", "\"iterations\":4294967295,", "keyslots.0.kdf.iterations: not a number from 1 to 100000000")]
    [InlineData("\"stripes\":4000", "\"stripes\":2000000000", "keyslots.0.af.stripes: not a number from 4000 to 4000")]
    [InlineData("\"keyslots\":{\"0\"", "\"keyslots\":{\"32\"", "keyslots.32: not a number below 32")]
    [InlineData("\"keyslots\":[\"0\"]", "\"keyslots\":[\"7\"]", "digests: 0 names a keyslot or segment that is not there")]
    [InlineData("\"json_size\":\"12288\"", "\"json_size\":\"16384\"", "config.json_size: 16384, but the header leaves 12288 bytes")]
    [InlineData("\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"33554432\"", "config.keyslots_size: the area ends at byte 33587200, the device at 20971520")]
    [InlineData("\"tokens\":{}", "\"tokens\":{},\"tokens\":{}", "not JSON: Duplicate property 'tokens' encountered during deserialization.")]
    [InlineData("\"type\":\"crypt\"", "\"type\":\"\\ud800\"", "text is not Unicode")]
    [InlineData("\"digest\":\"", "\"digest\":\"=", "digests.0.digest: not base64 of 1 to 64 bytes")]
    public void Metadata_that_lie_are_refused_with_their_place(string from, string to, string expected)
    {
        using LuksImage image = LuksImage.Format("--sector-size", "512");
        image.ChangeJson(from, to);
        Assert.False(image.TryHeader(out _, out ParseError error));
        Assert.Equal($"first copy: {expected}; second copy: {expected}", error.Message);
    }

    [Fact]
    public void Areas_that_overlap_are_refused()
    {
        using LuksImage image = LuksImage.Format();
        LuksImage.Cryptsetup("luksAddKey", "--key-file", image.KeyFile, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", image.Path, image.KeyFileOf("second", "second"));
        image.ChangeJson("\"offset\":\"290816\"", "\"offset\":\"290304\"");
        Assert.False(image.TryHeader(out _, out ParseError error));
        Assert.Contains("keyslots: the areas of 0 and 1 overlap", error.Message, StringComparison.Ordinal);
    }
}
