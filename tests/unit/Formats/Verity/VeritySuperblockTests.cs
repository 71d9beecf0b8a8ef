using System;
using System.IO;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Verity;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Verity;

public sealed class VeritySuperblockTests
{
    [Fact]
    public void What_veritysetup_writes_is_read_and_written_back_the_same()
    {
        byte[] sector = Made();
        Assert.True(VeritySuperblock.TryParse(sector, out VeritySuperblock? value, out _));
        Assert.Equal(Guid.Parse("6f2a8c3e-5b1d-4e7f-9a0b-c1d2e3f40516"), value.Uuid);
        Assert.Equal(DigestAlgorithm.Sha512, value.Algorithm);
        Assert.Equal(1024, value.DataBlockSize);
        Assert.Equal(4096, value.HashBlockSize);
        Assert.Equal(3, value.DataBlocks);
        Assert.Equal([0xca, 0xfe], value.Salt);
        byte[] written = new byte[VeritySuperblock.Size];
        written.AsSpan().Fill(0xff);
        value.Write(written);
        Assert.Equal(sector, written);
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown() =>
        Hostile.EveryPrefixAndEveryDamagedByte(Made(), bytes => VeritySuperblock.TryParse(bytes, out _, out _));

    [Theory]
    [InlineData(0, 'V', "no verity magic")]
    [InlineData(8, 2, "version 2, only 1 is known")]
    [InlineData(12, 0, "hash type 0, only 1 is supported")]
    [InlineData(32, 'S', "unknown digest (sha1, sha256, sha384, sha512)")]
    [InlineData(64, 1, "data block size 1025")]
    [InlineData(69, 0, "hash block size 0")]
    [InlineData(72, 0, "0 data blocks")]
    [InlineData(79, 0x80, "9223372036854775811 data blocks")]
    [InlineData(81, 1, "salt of 258 bytes, at most 256")]
    public void Each_field_that_is_wrong_is_named(int offset, int value, string expected)
    {
        byte[] sector = Made();
        sector[offset] = (byte)value;
        Assert.False(VeritySuperblock.TryParse(sector, out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }

    private static byte[] Made()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["data"], new byte[3 * 1024]);
        Tools.Run(
            "veritysetup", "format", directory["data"], directory["hash"], "--hash=sha512", "--data-block-size=1024",
            "--hash-block-size=4096",
            "--salt=cafe", "--uuid=6f2a8c3e-5b1d-4e7f-9a0b-c1d2e3f40516");
        return File.ReadAllBytes(directory["hash"])[..VeritySuperblock.Size];
    }
}
