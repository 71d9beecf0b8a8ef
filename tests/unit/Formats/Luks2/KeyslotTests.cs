using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

public sealed class KeyslotTests
{
    [Theory]
    [InlineData(64, 512, "--hash", "sha256", "--sector-size", "512")]
    [InlineData(64, 4096, "--hash", "sha1", "--sector-size", "4096")]
    [InlineData(64, 4096, "--hash", "sha512", "--sector-size", "4096", "--label", "data", "--subsystem", "init")]
    [InlineData(64, 4096, "--hash", "sha384", "--sector-size", "4096", "--luks2-metadata-size", "64k")]
    [InlineData(32, 4096, "--hash", "sha256", "--sector-size", "4096", "--key-size", "256")]
    [InlineData(32, 512, "--hash", "sha1", "--sector-size", "512", "--key-size", "256")]
    [InlineData(64, 4096, "--sector-size", "4096", "--pbkdf", "argon2id", "--pbkdf-memory", "32", "--pbkdf-parallel", "1", "--pbkdf-force-iterations", "4")]
    [InlineData(64, 4096, "--sector-size", "4096", "--pbkdf", "argon2i", "--pbkdf-memory", "100", "--pbkdf-parallel", "2", "--pbkdf-force-iterations", "5")]
    public void The_volume_key_is_the_one_that_cryptsetup_finds(int keyLength, int sectorSize, params string[] options)
    {
        using LuksImage image = LuksImage.Format(options);
        Luks2Volume volume = image.Volume();
        Assert.Equal(keyLength, volume.KeyLength);
        Assert.Equal(sectorSize, volume.Segment.SectorSize);
        byte[]? key = image.Open(volume, 0, LuksImage.Passphrase, out ParseError error);
        Assert.False(error.IsError, error.Message);
        Assert.Equal(Convert.ToHexStringLower(image.RealVolumeKey()), Convert.ToHexStringLower(key!));
        Assert.Null(image.Open(volume, 0, "another passphrase", out error));
        Assert.Equal("keyslot 0 has another passphrase", error.Message);
    }

    [Fact]
    public void Each_passphrase_opens_its_own_keyslot_and_the_preferred_one_stands_first()
    {
        using LuksImage image = LuksImage.Format();
        LuksImage.Cryptsetup("luksAddKey", "--key-file", image.KeyFile, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "2000", "--hash", "sha512", image.Path, image.KeyFileOf("second", "second passphrase"));
        LuksImage.Cryptsetup("luksAddKey", "--key-file", image.KeyFile, "--pbkdf", "argon2id", "--pbkdf-memory", "64", "--pbkdf-force-iterations", "4", image.Path, image.KeyFileOf("third", "third passphrase"));
        byte[] expected = image.RealVolumeKey();
        LuksImage.Cryptsetup("config", "--key-slot", "1", "--priority", "prefer", image.Path);
        LuksImage.Cryptsetup("config", "--key-slot", "0", "--priority", "ignore", image.Path);
        Luks2Volume volume = image.Volume();
        Assert.Equal([1, 2, 0], volume.Keyslots.Select(slot => slot.Number));
        string[] passphrases = [LuksImage.Passphrase, "second passphrase", "third passphrase"];
        for (int slot = 0; slot < passphrases.Length; slot++)
        {
            for (int passphrase = 0; passphrase < passphrases.Length; passphrase++)
            {
                byte[]? key = image.Open(volume, slot, passphrases[passphrase], out _);
                Assert.Equal(slot == passphrase ? expected : null, key);
            }
        }
    }

    [Fact]
    public void Argon2_that_wants_more_memory_than_allowed_is_refused_before_it_runs()
    {
        using LuksImage image = LuksImage.Format("--pbkdf", "argon2id", "--pbkdf-memory", "64", "--pbkdf-force-iterations", "4");
        Luks2Volume volume = image.Volume();
        Luks2Keyslot slot = volume.Keyslots.Single();
        Assert.Equal(64u, slot.Kdf!.MemoryInKiB);
        byte[] key = new byte[volume.KeyLength];
        Assert.False(slot.TryOpen(Encoding.UTF8.GetBytes(LuksImage.Passphrase), image.Read(slot.Area.Offset, slot.MaterialLength), volume.Digest, key, out ParseError error, 63));
        Assert.Equal("keyslot 0 needs 64 KiB of memory, allowed are 63", error.Message);
    }

    [Fact]
    public void One_changed_byte_of_the_stripes_leaves_no_key_behind()
    {
        using LuksImage image = LuksImage.Format();
        Luks2Volume volume = image.Volume();
        Luks2Keyslot slot = volume.Keyslots.Single();
        byte[] area = image.Read(slot.Area.Offset, slot.MaterialLength);
        foreach (int offset in (ReadOnlySpan<int>)[0, 511, 100_000, area.Length - 1])
        {
            byte[] key = new byte[volume.KeyLength];
            key.AsSpan().Fill(0xaa);
            area[offset] ^= 1;
            Assert.False(slot.TryOpen(Encoding.UTF8.GetBytes(LuksImage.Passphrase), area, volume.Digest, key, out _));
            Assert.All(key, value => Assert.Equal(0, value));
            area[offset] ^= 1;
        }
    }

    [Theory]
    [InlineData("sha1", 64)]
    [InlineData("sha256", 32)]
    [InlineData("sha512", 64)]
    public void Stripes_that_we_split_and_encrypt_open_with_cryptsetup(string hash, int keyLength)
    {
        using LuksImage image = LuksImage.Format("--hash", hash, "--key-size", $"{keyLength * 8}");
        Luks2Volume volume = image.Volume();
        Luks2Keyslot slot = volume.Keyslots.Single();
        byte[] volumeKey = image.Open(volume, 0, LuksImage.Passphrase, out _)!;

        byte[] area = RandomNumberGenerator.GetBytes(slot.MaterialLength);
        AntiForensic.Split(slot.SplitterHash, volumeKey, area.AsSpan(0, 4000 * keyLength));
        byte[] areaKey = new byte[keyLength];
        slot.Kdf!.Derive("a passphrase of ours"u8, areaKey);
        using (var cipher = new AesXts(areaKey))
        {
            cipher.Encrypt(area, 512, 0);
        }

        Assert.NotEqual(area, image.Read(slot.Area.Offset, area.Length));
        image.Write(slot.Area.Offset, area);
        LuksImage.Cryptsetup("open", "--test-passphrase", "--key-file", image.KeyFileOf("ours", "a passphrase of ours"), image.Path);
        Assert.Equal(volumeKey, image.Open(volume, 0, "a passphrase of ours", out _));
    }

    /// <summary>
    /// <c>cryptsetup reencrypt --encrypt</c> works on a plain file, so that data sectors of the real tool can be had without
    /// device-mapper: they show the tweak and its step, which dm-crypt's table must repeat.
    /// </summary>
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Data_that_cryptsetup_encrypted_decrypt_with_the_tweak_of_512_byte_sectors(int sectorSize)
    {
        using LuksImage image = LuksImage.Empty();
        byte[] plain = [.. Enumerable.Range(0, 4 * sectorSize).Select(i => (byte)(i * 31 & 0xff))];
        image.Write(0, plain);
        LuksImage.Cryptsetup(
            "reencrypt", "--encrypt", "--batch-mode", "--key-file", image.KeyFile, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
            "--reduce-device-size", "8M", "--sector-size", $"{sectorSize}", image.Path);
        Luks2Volume volume = image.Volume();
        byte[] key = image.Open(volume, 0, LuksImage.Passphrase, out _)!;
        byte[] data = image.Read((long)volume.Segment.Offset, plain.Length);
        Assert.NotEqual(plain, data);
        using var cipher = new AesXts(key);
        cipher.Decrypt(data, sectorSize, volume.Segment.IvTweak, (uint)sectorSize / 512);
        Assert.Equal(plain, data);
    }
}
