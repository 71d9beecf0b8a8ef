using System;
using System.Numerics;

namespace InitRuntime.Crypto;

/// <summary>
/// The compression function of one SHA digest over native words, so that PBKDF2 can run it without turning words into bytes
/// and back between two rounds. Source: FIPS 180-4, 6.
/// </summary>
/// <typeparam name="TWord">32 bits for SHA-1 and SHA-256, 64 bits for SHA-384 and SHA-512.</typeparam>
internal interface IShaBlock<TWord>
    where TWord : unmanaged, IBinaryInteger<TWord>
{
    /// <summary>Words of the message block.</summary>
    internal const int BlockWords = 16;

    /// <summary>The state before the first block (FIPS 180-4, 5.3); its length is the number of state words.</summary>
    static abstract ReadOnlySpan<TWord> InitialState { get; }

    /// <summary>How many words of the last state are the digest.</summary>
    static abstract int DigestWords { get; }

    /// <summary>Words of the message schedule.</summary>
    static abstract int ScheduleWords { get; }

    /// <summary>
    /// Mixes one block into <paramref name="state"/>. The block stands in the first 16 words of <paramref name="schedule"/> and
    /// is still there afterwards; the words behind it hold what was made of it, and are the caller's to wipe.
    /// </summary>
    static abstract void Compress(Span<TWord> state, Span<TWord> schedule);
}
