using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace InitRuntime.Crypto;

/// <summary>SHA-256's compression function. Source: FIPS 180-4, 6.2.2; constants 4.2.2.</summary>
internal readonly struct Sha256Block : IShaBlock<uint>
{
    private const int Rounds = 64;

    // The first bits of the fractional parts of the cube roots of the first 64 primes.
    private static ReadOnlySpan<uint> RoundConstants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    public static ReadOnlySpan<uint> InitialState =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    public static int DigestWords => 8;

    public static int ScheduleWords => Rounds;

    public static void Compress(Span<uint> state, Span<uint> schedule)
    {
        Span<uint> w = schedule[..Rounds];
        Expand(w);
        Span<uint> s = state[..8];
        uint a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        uint x = b ^ c;
        for (int i = 0; i < Rounds; i += 8)
        {
            // Eight rounds that rename the words in place of moving them; eight also lets the index checks fold.
            ReadOnlySpan<uint> k = RoundConstants.Slice(i, 8);
            ReadOnlySpan<uint> m = w.Slice(i, 8);
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

    private static void Expand(Span<uint> w)
    {
        // Four words at a time in a window that slides: its constant indices need one check for all.
        for (int i = 0; i < Rounds - 16; i += 4)
        {
            Span<uint> m = w.Slice(i, 20);
            m[16] = unchecked(m[0] + LowerSigma0(m[1]) + m[9] + LowerSigma1(m[14]));
            m[17] = unchecked(m[1] + LowerSigma0(m[2]) + m[10] + LowerSigma1(m[15]));
            m[18] = unchecked(m[2] + LowerSigma0(m[3]) + m[11] + LowerSigma1(m[16]));
            m[19] = unchecked(m[3] + LowerSigma0(m[4]) + m[12] + LowerSigma1(m[17]));
        }
    }

    /// <summary>One round; the sums of rotations are nested, which takes fewer instructions than three from the same word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, ref uint x, ref uint d, uint e, uint f, uint g, ref uint h, uint input)
    {
        unchecked
        {
            uint t = h + UpperSigma1(e) + (g ^ (e & (f ^ g))) + input;
            d += t;

            // Maj(a, b, c) is b where x, which is b ^ c from the round before, and a ^ b are not both set, else a and c.
            uint next = a ^ b;
            h = t + UpperSigma0(a) + ((next & x) ^ b);
            x = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint UpperSigma0(uint x) => BitOperations.RotateRight(BitOperations.RotateRight(BitOperations.RotateRight(x, 9) ^ x, 11) ^ x, 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint UpperSigma1(uint x) => BitOperations.RotateRight(BitOperations.RotateRight(BitOperations.RotateRight(x, 14) ^ x, 5) ^ x, 6);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint LowerSigma0(uint x) => BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint LowerSigma1(uint x) => BitOperations.RotateRight(x, 17) ^ BitOperations.RotateRight(x, 19) ^ (x >> 10);
}
