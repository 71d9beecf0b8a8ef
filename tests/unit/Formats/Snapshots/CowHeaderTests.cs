using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Snapshots;

public sealed class CowHeaderTests
{
    /// <summary>
    /// The first bytes of stores that Linux 6.12 made for dmsetup, where CHUNK is the fourth word of the table:
    /// <code>
    /// dmsetup create o --table "0 65536 linear /dev/vda 0"
    /// dmsetup create c --table "0 2048 linear /dev/vda 65536"      # filled with zeros first
    /// dmsetup create s --table "0 65536 snapshot /dev/mapper/o /dev/mapper/c P CHUNK"
    /// dd if=/dev/urandom of=/dev/mapper/s bs=64k count=4 oflag=direct      # count=40 for the stores that were full
    /// dmsetup remove s; head -c 16 /dev/mapper/c
    /// </code>
    /// </summary>
    private const string Fresh = "536e4170010000000100000008000000";

    [Theory]
    [InlineData(Fresh, true, 8)]
    [InlineData("536e4170010000000100000020000000", true, 32)]
    [InlineData("536e4170000000000100000008000000", false, 8)]
    [InlineData("536e4170000000000100000020000000", false, 32)]
    public void What_the_kernel_writes_is_read(string store, bool isValid, int chunkSize)
    {
        Assert.True(CowHeader.TryParse(Convert.FromHexString(store), out CowHeader header, out ParseError error), error.Message);
        Assert.Equal(new CowHeader(IsNew: false, isValid, chunkSize), header);
    }

    [Theory]
    [InlineData(0, 'T', "no snapshot magic")]
    [InlineData(0, 0, "no snapshot magic")]
    [InlineData(8, 2, "version 2, only 1 is known")]
    [InlineData(8, 0, "version 0, only 1 is known")]
    [InlineData(12, 0, "chunks of 0 sectors")]
    [InlineData(12, 12, "chunks of 12 sectors")]
    [InlineData(15, 0x80, "chunks of 2147483656 sectors")]
    public void Each_field_that_is_wrong_is_named(int offset, int value, string expected)
    {
        byte[] store = Convert.FromHexString(Fresh);
        store[offset] = (byte)value;
        Assert.False(CowHeader.TryParse(store, out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Chunks_whose_bytes_the_kernel_cannot_count_are_refused()
    {
        byte[] store = Convert.FromHexString("536e4170010000000100000000004000");
        Assert.False(CowHeader.TryParse(store, out _, out ParseError error));
        Assert.Equal("chunks of 4194304 sectors", error.Message);
    }

    [Fact]
    public void Zeros_are_a_store_that_is_new()
    {
        Assert.True(CowHeader.TryParse(new byte[4096], out CowHeader header, out _));
        Assert.Equal(new CowHeader(IsNew: true, IsValid: true, 0), header);
        Assert.False(CowHeader.TryParse(new byte[15], out _, out ParseError error));
        Assert.Equal("cut short", error.Message);
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown() =>
        Hostile.EveryPrefixAndEveryDamagedByte(Convert.FromHexString(Fresh), bytes => CowHeader.TryParse(bytes, out _, out _));
}
