using System;
using System.Buffers.Binary;

namespace InitRuntime.Crypto;

/// <summary>
/// The RSA public operation m^e mod n (RFC 8017 5.1.1) with Montgomery products over 64-bit limbs. No branch and no index depends on
/// the message, so it may be a secret that is being sent; modulus and exponent are public.
/// </summary>
public static class RsaPublicKey
{
    /// <summary>The largest modulus, in bytes: RSA-4096.</summary>
    public const int MaximumModulusLength = 512;

    private const int MinimumModulusLength = 128;
    private const int MaximumLimbs = MaximumModulusLength / sizeof(ulong);

    /// <summary>
    /// Writes message^exponent mod modulus, all big endian and as long as the modulus. False when the modulus is even, not of 1024 to
    /// 4096 bits in whole 64-bit limbs, the exponent below 3 or even, or the message not below the modulus.
    /// </summary>
    public static bool TryApply(ReadOnlySpan<byte> modulus, uint exponent, ReadOnlySpan<byte> message, Span<byte> result)
    {
        if (modulus.Length is < MinimumModulusLength or > MaximumModulusLength || modulus.Length % sizeof(ulong) != 0
            || (modulus[^1] & 1) == 0 || modulus[0] == 0 || exponent < 3 || (exponent & 1) == 0
            || message.Length != modulus.Length || result.Length != modulus.Length || message.SequenceCompareTo(modulus) >= 0)
        {
            return false;
        }

        int limbs = modulus.Length / sizeof(ulong);
        Span<ulong> n = stackalloc ulong[MaximumLimbs];
        Span<ulong> work = stackalloc ulong[3 * MaximumLimbs];
        Span<ulong> scratch = stackalloc ulong[MaximumLimbs + 2];
        n = n[..limbs];
        Span<ulong> radix = work[..limbs];
        Span<ulong> power = work.Slice(MaximumLimbs, limbs);
        Span<ulong> factor = work.Slice(2 * MaximumLimbs, limbs);
        scratch = scratch[..(limbs + 2)];
        Read(modulus, n);
        ulong inverse = NegativeInverse(n[0]);
        SquareOfRadix(n, radix);

        // The message in Montgomery form, then left-to-right square and multiply over the public exponent.
        Read(message, power);
        Multiply(power, radix, n, inverse, scratch, factor);
        factor.CopyTo(power);
        int top = 31 - System.Numerics.BitOperations.LeadingZeroCount(exponent);
        for (int bit = top - 1; bit >= 0; bit--)
        {
            Multiply(power, power, n, inverse, scratch, power);
            if (((exponent >> bit) & 1) != 0)
            {
                Multiply(power, factor, n, inverse, scratch, power);
            }
        }

        // Out of Montgomery form: a product with 1.
        factor.Clear();
        factor[0] = 1;
        Multiply(power, factor, n, inverse, scratch, power);
        for (int i = 0; i < limbs; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(result[(sizeof(ulong) * (limbs - 1 - i))..], power[i]);
        }

        work.Clear();
        scratch.Clear();
        return true;
    }

    private static void Read(ReadOnlySpan<byte> bigEndian, Span<ulong> limbs)
    {
        for (int i = 0; i < limbs.Length; i++)
        {
            limbs[i] = BinaryPrimitives.ReadUInt64BigEndian(bigEndian[(sizeof(ulong) * (limbs.Length - 1 - i))..]);
        }
    }

    /// <summary>-1/n mod 2^64 for odd n, by Newton's iteration: each step doubles the correct bits.</summary>
    private static ulong NegativeInverse(ulong n)
    {
        unchecked
        {
            ulong inverse = n;
            for (int bits = 3; bits < 64; bits *= 2)
            {
                inverse *= 2 - (n * inverse);
            }

            return 0 - inverse;
        }
    }

    /// <summary>2^(128 * limbs) mod n, by doubling 1; n is public.</summary>
    private static void SquareOfRadix(ReadOnlySpan<ulong> n, Span<ulong> result)
    {
        result.Clear();
        result[0] = 1;
        for (int i = 0; i < 128 * n.Length; i++)
        {
            ulong carry = 0;
            for (int j = 0; j < result.Length; j++)
            {
                ulong limb = result[j];
                result[j] = (limb << 1) | carry;
                carry = limb >> 63;
            }

            SubtractIfNotBelow(result, carry, n);
        }
    }

    /// <summary>a * b / 2^(64 * limbs) mod n; the result may be an operand.</summary>
    private static void Multiply(
        ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, ReadOnlySpan<ulong> n, ulong inverse, Span<ulong> scratch, Span<ulong> result)
    {
        unchecked
        {
            int limbs = n.Length;
            scratch.Clear();
            for (int i = 0; i < limbs; i++)
            {
                ulong carry = 0;
                for (int j = 0; j < limbs; j++)
                {
                    scratch[j] = MultiplyAdd(a[j], b[i], scratch[j], ref carry);
                }

                ulong sum = scratch[limbs] + carry;
                scratch[limbs + 1] = sum < carry ? 1UL : 0UL;
                scratch[limbs] = sum;

                ulong m = scratch[0] * inverse;
                carry = 0;
                MultiplyAdd(m, n[0], scratch[0], ref carry);
                for (int j = 1; j < limbs; j++)
                {
                    scratch[j - 1] = MultiplyAdd(m, n[j], scratch[j], ref carry);
                }

                sum = scratch[limbs] + carry;
                scratch[limbs - 1] = sum;
                scratch[limbs] = scratch[limbs + 1] + (sum < carry ? 1UL : 0UL);
            }

            scratch[..limbs].CopyTo(result);
            SubtractIfNotBelow(result, scratch[limbs], n);
        }
    }

    private static void SubtractIfNotBelow(Span<ulong> value, ulong carry, ReadOnlySpan<ulong> n)
    {
        unchecked
        {
            Span<ulong> less = stackalloc ulong[MaximumLimbs];
            ulong borrow = 0;
            for (int i = 0; i < value.Length; i++)
            {
                UInt128 difference = (UInt128)value[i] - n[i] - borrow;
                less[i] = (ulong)difference;
                borrow = (ulong)(difference >> 64) & 1;
            }

            // Keep the old value only when it was below n: a borrow that the carry does not pay for.
            ulong keep = 0 - (borrow & ~carry & 1);
            for (int i = 0; i < value.Length; i++)
            {
                value[i] = (value[i] & keep) | (less[i] & ~keep);
            }

            less.Clear();
        }
    }

    private static ulong MultiplyAdd(ulong a, ulong b, ulong addend, ref ulong carry)
    {
        unchecked
        {
            ulong high = Math.BigMul(a, b, out ulong low);
            low += addend;
            high += low < addend ? 1UL : 0UL;
            low += carry;
            high += low < carry ? 1UL : 0UL;
            carry = high;
            return low;
        }
    }
}
