using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Snapshots;

public sealed class CowHeaderTests
{
    /// <summary>The first bytes of stores that the kernel made; Data/README.md says how.</summary>
    private const string Fresh = "536e4170010000000100000008000000";

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
