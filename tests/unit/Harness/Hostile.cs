using System;
using Xunit;

namespace InitRuntime.Unit.Harness;

/// <summary>Every parser meets these: each prefix of good bytes, and each byte damaged in several ways.</summary>
internal static class Hostile
{
    internal delegate bool Parser(ReadOnlySpan<byte> bytes);

    /// <summary>The parser must answer for every variant, never throw. It gets each variant as a span; what it answers is not checked.</summary>
    internal static void EveryPrefixAndEveryDamagedByte(ReadOnlySpan<byte> good, Parser parse)
    {
        Assert.True(parse(good), "the good bytes are refused");
        for (int length = 0; length < good.Length; length++)
        {
            parse(good[..length]);
        }

        byte[] damaged = good.ToArray();
        for (int i = 0; i < damaged.Length; i++)
        {
            byte was = damaged[i];
            foreach (byte value in (ReadOnlySpan<byte>)[0x00, 0xff, (byte)(was ^ 0x01), (byte)(was ^ 0x80)])
            {
                damaged[i] = value;
                parse(damaged);
            }

            damaged[i] = was;
        }
    }
}
