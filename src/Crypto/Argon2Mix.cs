using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace InitRuntime.Crypto;

/// <summary>
/// The compression function G of Argon2 over blocks of 64 pairs of words. A row is 8 pairs that follow each other, a column
/// is every eighth pair, so both go through the same permutation. Source: RFC 9106, 3.5 and 3.6.
/// </summary>
internal static class Argon2Mix
{
    /// <summary>Pairs of words that <see cref="Fill"/> works in; the caller wipes them.</summary>
    internal const int ScratchLength = 2 * Pairs;

    private const int Pairs = 64;
    private const int Side = 8;

    /// <summary>target = G(x, y), or target ^= G(x, y) from the second pass on. The target may be <paramref name="y"/>.</summary>
    internal static void Fill(
        ReadOnlySpan<Vector128<ulong>> x,
        ReadOnlySpan<Vector128<ulong>> y,
        Span<Vector128<ulong>> target,
        bool accumulate,
        Span<Vector128<ulong>> scratch)
    {
        Span<Vector128<ulong>> mixed = scratch[..Pairs];
        Span<Vector128<ulong>> kept = scratch.Slice(Pairs, Pairs);
        x = x[..Pairs];
        y = y[..Pairs];
        target = target[..Pairs];
        for (int i = 0; i < Pairs; i++)
        {
            Vector128<ulong> sum = x[i] ^ y[i];
            mixed[i] = sum;
            kept[i] = accumulate ? sum ^ target[i] : sum;
        }

        for (int row = 0; row < Side; row++)
        {
            Permute(mixed.Slice(row * Side, Side), 1);
        }

        for (int column = 0; column < Side; column++)
        {
            Permute(mixed[column..], Side);
        }

        for (int i = 0; i < Pairs; i++)
        {
            target[i] = mixed[i] ^ kept[i];
        }
    }

    /// <summary>target ^= other.</summary>
    internal static void Xor(Span<Vector128<ulong>> target, ReadOnlySpan<Vector128<ulong>> other)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] ^= other[i];
        }
    }

    /// <summary>P of RFC 9106, 3.6: BLAKE2b's round, with a product in place of the message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Permute(Span<Vector128<ulong>> v, int stride)
    {
        Vector128<ulong> a0 = v[0], a1 = v[stride], b0 = v[2 * stride], b1 = v[3 * stride];
        Vector128<ulong> c0 = v[4 * stride], c1 = v[5 * stride], d0 = v[6 * stride], d1 = v[7 * stride];
        Mix(ref a0, ref b0, ref c0, ref d0);
        Mix(ref a1, ref b1, ref c1, ref d1);

        // Turn the diagonals into columns, mix, and turn back.
        (b0, b1) = (Join(b0, b1), Join(b1, b0));
        (c0, c1) = (c1, c0);
        (d0, d1) = (Join(d1, d0), Join(d0, d1));
        Mix(ref a0, ref b0, ref c0, ref d0);
        Mix(ref a1, ref b1, ref c1, ref d1);
        (b0, b1) = (Join(b1, b0), Join(b0, b1));
        (c0, c1) = (c1, c0);
        (d0, d1) = (Join(d0, d1), Join(d1, d0));

        v[0] = a0;
        v[stride] = a1;
        v[2 * stride] = b0;
        v[3 * stride] = b1;
        v[4 * stride] = c0;
        v[5 * stride] = c1;
        v[6 * stride] = d0;
        v[7 * stride] = d1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref Vector128<ulong> a, ref Vector128<ulong> b, ref Vector128<ulong> c, ref Vector128<ulong> d)
    {
        a = AddWithProduct(a, b);
        d = RotateRight(d ^ a, 32);
        c = AddWithProduct(c, d);
        b = RotateRight(b ^ c, 24);
        a = AddWithProduct(a, b);
        d = RotateRight(d ^ a, 16);
        c = AddWithProduct(c, d);
        b = RotateRight(b ^ c, 63);
    }

    /// <summary>a + b + 2 * low(a) * low(b), low being the low 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> AddWithProduct(Vector128<ulong> a, Vector128<ulong> b)
    {
        Vector128<ulong> product = Sse2.IsSupported
            ? Sse2.Multiply(a.AsUInt32(), b.AsUInt32())
            : (a & Vector128.Create((ulong)uint.MaxValue)) * (b & Vector128.Create((ulong)uint.MaxValue));
        return a + b + product + product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> RotateRight(Vector128<ulong> value, int bits) => (value >>> bits) | (value << (64 - bits));

    /// <summary>The upper word of one pair and the lower of another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Join(Vector128<ulong> first, Vector128<ulong> second) => Sse2.IsSupported
        ? Sse2.Shuffle(first.AsDouble(), second.AsDouble(), 0b01).AsUInt64()
        : Vector128.Create(first[1], second[0]);
}
