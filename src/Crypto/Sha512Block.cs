using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace InitRuntime.Crypto;

/// <summary>SHA-512's compression function. Source: FIPS 180-4, 6.4.2; constants 4.2.3.</summary>
internal readonly struct Sha512Block : IShaBlock<ulong>
{
    private const int Rounds = 80;

    // The first bits of the fractional parts of the cube roots of the first 80 primes.
    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
        0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
        0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
        0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
        0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
        0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
        0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
        0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
        0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
        0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
        0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
        0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
        0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
        0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
        0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
        0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
        0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
        0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
        0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
        0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
    ];

    public static ReadOnlySpan<ulong> InitialState =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ];

    public static int DigestWords => 8;

    public static int ScheduleWords => Rounds;

    public static void Compress(Span<ulong> state, Span<ulong> schedule)
    {
        Span<ulong> w = schedule[..Rounds];
        Expand(w);
        Span<ulong> s = state[..8];
        ulong a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        ulong x = b ^ c;
        for (int i = 0; i < Rounds; i += 8)
        {
            // Eight rounds that rename the words in place of moving them; eight also lets the index checks fold.
            ReadOnlySpan<ulong> k = RoundConstants.Slice(i, 8);
            ReadOnlySpan<ulong> m = w.Slice(i, 8);
            Round(a, b, ref x, ref d, e, f, g, ref h, unchecked(k[0] + m[0]));
            Round(h, a, ref x, ref c, d, e, f, ref g, unchecked(k[1] + m[1]));
            Round(g, h, ref x, ref b, c, d, e, ref f, unchecked(k[2] + m[2]));
            Round(f, g, ref x, ref a, b, c, d, ref e, unchecked(k[3] + m[3]));
            Round(e, f, ref x, ref h, a, b, c, ref d, unchecked(k[4] + m[4]));
            Round(d, e, ref x, ref g, h, a, b, ref c, unchecked(k[5] + m[5]));
            Round(c, d, ref x, ref f, g, h, a, ref b, unchecked(k[6] + m[6]));
            Round(b, c, ref x, ref e, f, g, h, ref a, unchecked(k[7] + m[7]));
        }

        unchecked
        {
            s[0] += a;
            s[1] += b;
            s[2] += c;
            s[3] += d;
            s[4] += e;
            s[5] += f;
            s[6] += g;
            s[7] += h;
        }
    }

    private static void Expand(Span<ulong> w)
    {
        // Four words at a time in a window that slides: its constant indices need one check for all.
        for (int i = 0; i < Rounds - 16; i += 4)
        {
            Span<ulong> m = w.Slice(i, 20);
            m[16] = unchecked(m[0] + LowerSigma0(m[1]) + m[9] + LowerSigma1(m[14]));
            m[17] = unchecked(m[1] + LowerSigma0(m[2]) + m[10] + LowerSigma1(m[15]));
            m[18] = unchecked(m[2] + LowerSigma0(m[3]) + m[11] + LowerSigma1(m[16]));
            m[19] = unchecked(m[3] + LowerSigma0(m[4]) + m[12] + LowerSigma1(m[17]));
        }
    }

    /// <summary>One round; the sums of rotations are nested, which takes fewer instructions than three from the same word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ulong a, ulong b, ref ulong x, ref ulong d, ulong e, ulong f, ulong g, ref ulong h, ulong input)
    {
        unchecked
        {
            ulong t = h + UpperSigma1(e) + (g ^ (e & (f ^ g))) + input;
            d += t;

            // Maj(a, b, c) is b where x, which is b ^ c from the round before, and a ^ b are not both set, else a and c.
            ulong next = a ^ b;
            h = t + UpperSigma0(a) + ((next & x) ^ b);
            x = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong UpperSigma0(ulong x) => BitOperations.RotateRight(BitOperations.RotateRight(BitOperations.RotateRight(x, 5) ^ x, 6) ^ x, 28);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong UpperSigma1(ulong x) => BitOperations.RotateRight(BitOperations.RotateRight(BitOperations.RotateRight(x, 23) ^ x, 4) ^ x, 14);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LowerSigma0(ulong x) => BitOperations.RotateRight(x, 1) ^ BitOperations.RotateRight(x, 8) ^ (x >> 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LowerSigma1(ulong x) => BitOperations.RotateRight(x, 19) ^ BitOperations.RotateRight(x, 61) ^ (x >> 6);
}

/// <summary>SHA-384 is SHA-512 from another start, cut to 48 bytes. Source: FIPS 180-4, 5.3.4 and 6.5.</summary>
internal readonly struct Sha384Block : IShaBlock<ulong>
{
    public static ReadOnlySpan<ulong> InitialState =>
    [
        0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
        0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
    ];

    public static int DigestWords => 6;

    public static int ScheduleWords => Sha512Block.ScheduleWords;

    public static void Compress(Span<ulong> state, Span<ulong> schedule) => Sha512Block.Compress(state, schedule);
}
