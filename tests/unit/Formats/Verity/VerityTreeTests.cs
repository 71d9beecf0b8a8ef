using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Verity;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Verity;

public sealed class VerityTreeTests
{
    private const string Uuid = "6f2a8c3e-5b1d-4e7f-9a0b-c1d2e3f40516";
    private const string Salt = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    /// <summary>Digest, data block size, hash block size, data blocks, extra bytes between data and superblock, salt.</summary>
    public static TheoryData<string, int, int, int, int, string> Images() => new()
    {
        { "sha256", 4096, 4096, 1, 0, Salt },
        { "sha256", 4096, 4096, 2, 0, Salt },
        { "sha256", 4096, 4096, 128, 0, Salt },
        { "sha256", 4096, 4096, 129, 0, Salt },
        { "sha256", 4096, 4096, 700, 12288, "" },
        { "sha256", 1024, 1024, 32, 0, Salt },
        { "sha256", 1024, 1024, 1024, 0, Salt },
        { "sha256", 1024, 1024, 1025, 512, Salt },
        { "sha256", 1024, 1024, 33000, 0, Salt },
        { "sha256", 1024, 4096, 1000, 0, Salt },
        { "sha256", 4096, 1024, 1000, 0, Salt },
        { "sha256", 512, 512, 300, 0, "ab" },
        { "sha384", 4096, 4096, 65, 0, Salt },
        { "sha384", 1024, 1024, 400, 0, Salt },
        { "sha512", 4096, 4096, 200, 0, Salt + Salt + Salt + Salt + Salt + Salt + Salt + Salt },
        { "sha1", 4096, 4096, 200, 0, Salt },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public void The_tree_is_that_of_veritysetup_byte_for_byte(
        string algorithm, int dataBlock, int hashBlock, int blocks, int gap, string salt)
    {
        using var directory = new TemporaryDirectory();
        byte[] data = Data(dataBlock * blocks);
        File.WriteAllBytes(directory["theirs"], data);
        long hashOffset = data.Length + gap;
        string output = Tools.Run(
            "veritysetup", "format", directory["theirs"], directory["theirs"], $"--hash={algorithm}", $"--data-block-size={dataBlock}",
            $"--hash-block-size={hashBlock}", $"--data-blocks={blocks}", $"--hash-offset={hashOffset}",
            $"--salt={(salt == "" ? "-" : salt)}",
            $"--uuid={Uuid}");

        VeritySuperblock superblock = Superblock(algorithm, dataBlock, hashBlock, blocks, salt);
        var progress = new List<long>();
        byte[] rootHash;
        using (FileStream image = Create(directory["ours"], data))
        {
            rootHash = VerityTree.Append(image, superblock, hashOffset, progress.Add);
        }

        Assert.Contains($"Root hash:      \t{Convert.ToHexStringLower(rootHash)}\n", output);
        byte[] ours = File.ReadAllBytes(directory["ours"]);
        Assert.Equal(File.ReadAllBytes(directory["theirs"]), ours);
        Assert.Equal(data.Length, progress[^1]);

        Assert.True(VerityGeometry.TryCreate(superblock, hashOffset, out VerityGeometry? geometry, out _));
        Assert.Equal(geometry.TotalLength, ours.Length);
        Span<byte> top = ours.AsSpan((int)geometry.TopBlockOffset, geometry.TopBlockLength);
        Assert.True(VerityTree.TopBlockMatches(superblock.Algorithm, superblock.Salt, top, rootHash));
        top[^1] ^= 1;
        Assert.False(VerityTree.TopBlockMatches(superblock.Algorithm, superblock.Salt, top, rootHash));
    }

    [Fact]
    public void Veritysetup_verifies_ours_and_sees_a_changed_block()
    {
        using var directory = new TemporaryDirectory();
        byte[] data = Data(4096 * 500);
        byte[] rootHash;
        using (FileStream image = Create(directory["image"], data))
        {
            rootHash = VerityTree.Append(image, Superblock("sha256", 4096, 4096, 500, Salt), data.Length);
        }

        string[] verify =
        [
            "verify", directory["image"], directory["image"], Convert.ToHexStringLower(rootHash), $"--hash-offset={data.Length}",
        ];
        Tools.Run("veritysetup", verify);
        using (FileStream image = File.OpenWrite(directory["image"]))
        {
            image.Position = 4096 * 499;
            image.WriteByte(0x5a);
        }

        Assert.ThrowsAny<Exception>(() => Tools.Run("veritysetup", verify));
    }

    [Fact]
    public void What_is_longer_than_the_tree_stays_and_the_gap_before_it_is_zeroed()
    {
        using var image = new MemoryStream();
        image.Write(Data(1024 * 40));
        byte[] end = new byte[16384];
        end.AsSpan().Fill(0xee);
        image.Write(end);
        VerityTree.Append(image, Superblock("sha256", 1024, 4096, 40, Salt), 1024 * 40);
        byte[] bytes = image.ToArray();
        Assert.Equal(1024 * 40 + 16384, bytes.Length);
        Assert.All(bytes[(1024 * 40 + 512)..(1024 * 44)], b => Assert.Equal(0, b));
        Assert.All(bytes[(1024 * 48)..], b => Assert.Equal(0xee, b));
    }

    [Fact]
    public void An_image_shorter_than_its_blocks_is_refused()
    {
        using var image = new MemoryStream(Data(4096 * 3 + 1));
        Assert.Throws<EndOfStreamException>(() => VerityTree.Append(image, Superblock("sha256", 4096, 4096, 4, ""), 16384));
    }

    [Theory]
    [InlineData(4096, 4096, 4, 4096 * 3, "hash offset 12288 lies in the 16384 bytes of data")]
    [InlineData(4096, 4096, 4, 16385, "hash offset 16385, wanted a multiple of 512 up to 72057594037927936")]
    [InlineData(4096, 4096, 0, 4096, "0 data blocks")]
    [InlineData(4096, 4096, long.MaxValue, 4096, "9223372036854775807 data blocks")]
    [InlineData(4000, 4096, 4, 16384, "data block size 4000, wanted a power of two from 512 to 65536")]
    [InlineData(4096, 131072, 4, 16384, "hash block size 131072, wanted a power of two from 512 to 65536")]
    [InlineData(4096, 4096, 4, long.MaxValue - 511, "hash offset 9223372036854775296, wanted a multiple of 512 up to 72057594037927936")]
    public void Absurd_geometry_is_a_named_error(int dataBlock, int hashBlock, long blocks, long hashOffset, string expected)
    {
        Assert.False(
            VerityGeometry.TryCreate(DigestAlgorithm.Sha256, dataBlock, hashBlock, blocks, hashOffset, out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }

    internal static VeritySuperblock Superblock(string algorithm, int dataBlock, int hashBlock, int blocks, string salt)
    {
        Assert.True(DigestAlgorithms.TryFromKernelName(algorithm, out DigestAlgorithm digest));
        return new VeritySuperblock
        {
            Uuid = Guid.Parse(Uuid),
            Algorithm = digest,
            DataBlockSize = dataBlock,
            HashBlockSize = hashBlock,
            DataBlocks = blocks,
            Salt = Convert.FromHexString(salt),
        };
    }

    private static FileStream Create(string path, byte[] data)
    {
        FileStream file = File.Create(path);
        file.Write(data);
        return file;
    }

    private static byte[] Data(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }
}
