using InitRuntime.Formats;
using Xunit;

namespace InitRuntime.Unit.Formats;

public sealed class SpanReaderTests
{
    [Fact]
    public void Past_the_end_it_yields_zeros_and_says_so()
    {
        var reader = new SpanReader([1, 2, 3]);
        Assert.Equal(0x0201, reader.U16());
        Assert.False(reader.Overrun);
        Assert.Equal(0u, reader.U32());
        Assert.True(reader.Overrun);
        Assert.Equal(0, reader.U8());
    }
}
