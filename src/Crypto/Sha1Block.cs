using System;
using System.Numerics;

namespace InitRuntime.Crypto;

/// <summary>
/// SHA-1's compression function: LUKS volumes made with <c>--hash sha1</c> and HMAC-SHA1 need it. Source: FIPS 180-4, 6.1.2.
/// </summary>
internal readonly struct Sha1Block : IShaBlock<uint>
{
    private const int Rounds = 80;

    public static ReadOnlySpan<uint> InitialState => [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

    public static int DigestWords => 5;

    public static int ScheduleWords => Rounds;

    public static void Compress(Span<uint> state, Span<uint> schedule)
    {
        Span<uint> w = schedule[..Rounds];
        for (Span<uint> m = w; m.Length > 16; m = m[1..])
        {
            m[16] = BitOperations.RotateLeft(m[13] ^ m[8] ^ m[2] ^ m[0], 1);
        }

        Span<uint> s = state[..5];
        uint a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];
        unchecked
        {
            for (int i = 0; i < Rounds; i++)
            {
                // f and K of FIPS 180-4, 4.1.1 and 4.2.1: they change every 20 rounds.
                uint mixed = i switch
                {
                    < 20 => (d ^ (b & (c ^ d))) + 0x5a827999,
                    < 40 => (b ^ c ^ d) + 0x6ed9eba1,
                    < 60 => ((b & c) | (d & (b | c))) + 0x8f1bbcdc,
                    _ => (b ^ c ^ d) + 0xca62c1d6,
                };
                uint t = BitOperations.RotateLeft(a, 5) + mixed + e + w[i];
                e = d;
                d = c;
                c = BitOperations.RotateLeft(b, 30);
                b = a;
                a = t;
            }

            s[0] += a;
            s[1] += b;
            s[2] += c;
            s[3] += d;
            s[4] += e;
        }
    }
}
