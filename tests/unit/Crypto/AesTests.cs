using System;
using System.Linq;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using Xunit;
using OurGcm = InitRuntime.Crypto.AesGcm;
using PlatformGcm = System.Security.Cryptography.AesGcm;

namespace InitRuntime.Unit.Crypto;

/// <summary>Everything runs twice: on the processor's AES instructions where it has them, and on the tables.</summary>
public sealed class AesTests
{
    public static TheoryData<bool> Ways => System.Runtime.Intrinsics.X86.Aes.IsSupported ? new(true, false) : new(false);

    /// <summary>FIPS 197, appendix C.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void A_block_becomes_what_FIPS_197_says_and_back(bool instructions)
    {
        (int KeyLength, string Cipher)[] vectors =
        [
            (16, "69c4e0d86a7b0430d8cdb78070b4c55a"), (24, "dda97ca4864cdfe06eaf70a0ec0d7191"), (32, "8ea2b7ca516745bfeafc49904b496089"),
        ];
        foreach ((int keyLength, string cipher) in vectors)
        {
            using var aes = new AesKey(Counting(keyLength), instructions);
            byte[] block = Convert.FromHexString("00112233445566778899aabbccddeeff");
            aes.EncryptBlock(block, block);
            Assert.Equal(cipher, Convert.ToHexStringLower(block));
            aes.DecryptBlock(block, block);
            Assert.Equal("00112233445566778899aabbccddeeff", Convert.ToHexStringLower(block));
        }
    }

    /// <summary>IEEE 1619-2007, annex B: vectors 1, 2, 3 (AES-128); and against the platform's AES, block by block, for AES-256.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void Sectors_become_what_IEEE_1619_says_and_back(bool instructions)
    {
        (string Key, ulong Tweak, string Plain, string Cipher)[] vectors =
        [
            (Repeated("00", 32), 0, Repeated("00", 32), "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e"),
            (Repeated("11", 16) + Repeated("22", 16), 0x3333333333, Repeated("44", 32), "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"),
            ("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0" + Repeated("22", 16), 0x3333333333, Repeated("44", 32), "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89"),
        ];
        foreach ((string key, ulong tweak, string plain, string cipher) in vectors)
        {
            using var xts = new AesXts(Convert.FromHexString(key), instructions);
            byte[] data = Convert.FromHexString(plain);
            xts.Encrypt(data, data.Length, tweak);
            Assert.Equal(cipher, Convert.ToHexStringLower(data));
            xts.Decrypt(data, data.Length, tweak);
            Assert.Equal(plain, Convert.ToHexStringLower(data));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Sectors_of_512_and_4096_bytes_equal_the_standard_done_step_by_step(bool instructions)
    {
        foreach (int keyLength in (ReadOnlySpan<int>)[32, 64])
        {
            byte[] key = Counting(keyLength);
            foreach ((int sectorSize, uint step) in ((int, uint)[])[(512, 1), (4096, 8), (4096, 1)])
            {
                byte[] plain = Counting(2 * sectorSize);
                byte[] data = [.. plain];
                using var xts = new AesXts(key, instructions);
                xts.Encrypt(data, sectorSize, 0xfffffffe, step);
                byte[] expected = [.. ReferenceSector(key, 0xfffffffe, plain[..sectorSize]), .. ReferenceSector(key, 0xfffffffeUL + step, plain[sectorSize..])];
                Assert.Equal(expected, data);
                xts.Decrypt(data, sectorSize, 0xfffffffe, step);
                Assert.Equal(plain, data);
            }
        }
    }

    /// <summary>NIST SP 800-38A, F.3.13 and F.3.17: CFB128-AES128 and CFB128-AES256.</summary>
    [Theory]
    [InlineData(
        "2b7e151628aed2a6abf7158809cf4f3c",
        "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6")]
    [InlineData(
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407bdf10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471")]
    public void Feedback_mode_gives_the_text_of_SP_800_38A_and_cuts_the_last_block(string key, string cipher)
    {
        byte[] plain = Convert.FromHexString(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
        for (int length = 0; length <= plain.Length; length++)
        {
            byte[] data = plain[..length];
            AesCfb.Encrypt(Convert.FromHexString(key), Counting(16), data);
            Assert.Equal(cipher[..(2 * length)], Convert.ToHexStringLower(data));
            AesCfb.Decrypt(Convert.FromHexString(key), Counting(16), data);
            Assert.Equal(plain[..length], data);
        }
    }

    /// <summary>The GCM specification (McGrew and Viega), test cases 1, 2, 13 to 16, as NIST's submission prints them.</summary>
    [Theory]
    [InlineData("00000000000000000000000000000000", "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a")]
    [InlineData("00000000000000000000000000000000", "000000000000000000000000", "", "0388dace60b6a392f328c2b971b2fe78", "00000000000000000000000000000000", "ab6e47d42cec13bdf53a67b21257bddf")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18", "00000000000000000000000000000000", "d0d1c8a799996bf0265b98b5d48ab919")]
    [InlineData(
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "76fc6ece0f4e1768cddf8853bb2d551b")]
    public void Authenticated_text_opens_only_unchanged(string key, string iv, string associated, string cipher, string plain, string tag)
    {
        byte[] opened = new byte[plain.Length / 2];
        bool Open(string a, string c, string t) => OurGcm.TryDecrypt(
            Convert.FromHexString(key), Convert.FromHexString(iv), Convert.FromHexString(a), Convert.FromHexString(c), Convert.FromHexString(t), opened);

        Assert.True(Open(associated, cipher, tag));
        Assert.Equal(plain, Convert.ToHexStringLower(opened));
        opened.AsSpan().Clear();
        Assert.False(Open(associated, cipher, Flip(tag)));
        Assert.False(cipher.Length > 0 && Open(associated, Flip(cipher), tag));
        Assert.False(associated.Length > 0 && Open(Flip(associated), cipher, tag));
        Assert.All(opened, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Authenticated_text_of_every_length_is_the_platforms()
    {
        byte[] key = Counting(32);
        byte[] iv = Counting(12);
        using var platform = new PlatformGcm(key, OurGcm.TagLength);
        for (int length = 0; length < 70; length++)
        {
            byte[] plain = Counting(length);
            byte[] associated = Counting(69 - length);
            byte[] cipher = new byte[length];
            byte[] tag = new byte[OurGcm.TagLength];
            platform.Encrypt(iv, plain, cipher, tag, associated);
            byte[] opened = new byte[length];
            Assert.True(OurGcm.TryDecrypt(key, iv, associated, cipher, tag, opened));
            Assert.Equal(plain, opened);
        }
    }

    /// <summary>IEEE 1619, 5.3, with the platform's AES for each block.</summary>
    private static byte[] ReferenceSector(byte[] key, ulong tweak, byte[] plain)
    {
        using var data = Aes.Create();
        using var tweakCipher = Aes.Create();
        data.Key = key[..(key.Length / 2)];
        tweakCipher.Key = key[(key.Length / 2)..];
        byte[] mask = tweakCipher.EncryptEcb([.. BitConverter.GetBytes(tweak), .. new byte[8]], PaddingMode.None);
        byte[] result = new byte[plain.Length];
        for (int offset = 0; offset < plain.Length; offset += 16)
        {
            byte[] block = [.. Enumerable.Range(0, 16).Select(i => (byte)(plain[offset + i] ^ mask[i]))];
            block = data.EncryptEcb(block, PaddingMode.None);
            Enumerable.Range(0, 16).ToList().ForEach(i => result[offset + i] = (byte)(block[i] ^ mask[i]));
            int carry = 0;
            for (int i = 0; i < 16; i++)
            {
                int doubled = (mask[i] << 1) | carry;
                mask[i] = (byte)(doubled & 0xff);
                carry = doubled >> 8;
            }

            mask[0] ^= (byte)(carry * 0x87);
        }

        return result;
    }

    private static string Flip(string hex) => (hex[0] == '0' ? '1' : '0') + hex[1..];

    private static byte[] Counting(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i & 0xff))];

    private static string Repeated(string hex, int count) => string.Concat(Enumerable.Repeat(hex, count));
}
