using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace InitRuntime.Crypto;

/// <summary>
/// A number modulo the prime of NIST P-256 (FIPS 186-5 / SP 800-186 3.2.1.3), in Montgomery form, four 64-bit limbs, least
/// significant first. No operation branches on, or indexes by, a value.
/// </summary>
internal struct P256Field
{
    /// <summary>Length of the big-endian form, in bytes.</summary>
    internal const int Length = 32;

    // p = 2^256 - 2^224 + 2^192 + 2^96 - 1. Its lowest limb is 2^64 - 1, so -1/p mod 2^64 is 1 and a reduction step
    // multiplies p by the limb itself.
    private const ulong P0 = 0xffff_ffff_ffff_ffff;
    private const ulong P1 = 0x0000_0000_ffff_ffff;
    private const ulong P2 = 0x0000_0000_0000_0000;
    private const ulong P3 = 0xffff_ffff_0000_0001;

    private ulong _l0;
    private ulong _l1;
    private ulong _l2;
    private ulong _l3;

    /// <summary>2^256 mod p: the number 1.</summary>
    internal static P256Field One => new()
    {
        _l0 = 0x0000_0000_0000_0001,
        _l1 = 0xffff_ffff_0000_0000,
        _l2 = 0xffff_ffff_ffff_ffff,
        _l3 = 0x0000_0000_ffff_fffe,
    };

    // 2^512 mod p: a product with it turns a plain number into Montgomery form.
    private static P256Field SquareOfRadix => new()
    {
        _l0 = 0x0000_0000_0000_0003,
        _l1 = 0xffff_fffb_ffff_ffff,
        _l2 = 0xffff_ffff_ffff_fffe,
        _l3 = 0x0000_0004_ffff_fffd,
    };

    /// <summary>Reads a big-endian number below p.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bigEndian, out P256Field value)
    {
        value = default;
        if (bigEndian.Length != Length)
        {
            return false;
        }

        var plain = new P256Field
        {
            _l3 = BinaryPrimitives.ReadUInt64BigEndian(bigEndian),
            _l2 = BinaryPrimitives.ReadUInt64BigEndian(bigEndian[8..]),
            _l1 = BinaryPrimitives.ReadUInt64BigEndian(bigEndian[16..]),
            _l0 = BinaryPrimitives.ReadUInt64BigEndian(bigEndian[24..]),
        };
        ulong borrow = 0;
        Subtract(plain._l0, P0, ref borrow);
        Subtract(plain._l1, P1, ref borrow);
        Subtract(plain._l2, P2, ref borrow);
        Subtract(plain._l3, P3, ref borrow);
        value = plain * SquareOfRadix;
        return borrow == 1;
    }

    /// <summary>Writes the number, big endian.</summary>
    internal readonly void Write(Span<byte> bigEndian)
    {
        P256Field plain = this * new P256Field { _l0 = 1 };
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian, plain._l3);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[8..], plain._l2);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[16..], plain._l1);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[24..], plain._l0);
    }

    /// <summary>All ones when it is 0, else 0.</summary>
    internal readonly ulong ZeroMask()
    {
        unchecked
        {
            ulong any = _l0 | _l1 | _l2 | _l3;
            return ((any | (0 - any)) >> 63) - 1;
        }
    }

    /// <summary><paramref name="whenSet"/> where the mask is all ones, <paramref name="whenClear"/> where it is 0.</summary>
    internal static P256Field Select(ulong mask, in P256Field whenSet, in P256Field whenClear) => new()
    {
        _l0 = (whenSet._l0 & mask) | (whenClear._l0 & ~mask),
        _l1 = (whenSet._l1 & mask) | (whenClear._l1 & ~mask),
        _l2 = (whenSet._l2 & mask) | (whenClear._l2 & ~mask),
        _l3 = (whenSet._l3 & mask) | (whenClear._l3 & ~mask),
    };

    public static P256Field operator +(in P256Field a, in P256Field b)
    {
        ulong carry = 0;
        ulong r0 = Add(a._l0, b._l0, ref carry);
        ulong r1 = Add(a._l1, b._l1, ref carry);
        ulong r2 = Add(a._l2, b._l2, ref carry);
        ulong r3 = Add(a._l3, b._l3, ref carry);
        return Reduced(r0, r1, r2, r3, carry);
    }

    public static P256Field operator -(in P256Field a, in P256Field b)
    {
        ulong borrow = 0;
        ulong r0 = Subtract(a._l0, b._l0, ref borrow);
        ulong r1 = Subtract(a._l1, b._l1, ref borrow);
        ulong r2 = Subtract(a._l2, b._l2, ref borrow);
        ulong r3 = Subtract(a._l3, b._l3, ref borrow);
        ulong mask = unchecked(0 - borrow);
        ulong carry = 0;
        return new()
        {
            _l0 = Add(r0, P0 & mask, ref carry),
            _l1 = Add(r1, P1 & mask, ref carry),
            _l2 = Add(r2, P2 & mask, ref carry),
            _l3 = Add(r3, P3 & mask, ref carry),
        };
    }

    /// <summary>Montgomery product: a * b / 2^256 mod p, limb by limb (coarsely integrated operand scanning).</summary>
    public static P256Field operator *(in P256Field a, in P256Field b)
    {
        unchecked
        {
            ulong t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0;
            for (int i = 0; i < 4; i++)
            {
                ulong factor = i switch { 0 => b._l0, 1 => b._l1, 2 => b._l2, _ => b._l3 };
                ulong carry = 0;
                t0 = MultiplyAdd(a._l0, factor, t0, ref carry);
                t1 = MultiplyAdd(a._l1, factor, t1, ref carry);
                t2 = MultiplyAdd(a._l2, factor, t2, ref carry);
                t3 = MultiplyAdd(a._l3, factor, t3, ref carry);
                ulong overflow = 0;
                t4 = Add(t4, carry, ref overflow);

                // t + t0 * p, which ends in a zero limb: p is 2^256 - 2^224 + 2^192 + 2^96 - 1, so t0 times it needs no product.
                // -t0 takes the lowest limb away, t0 * 2^96 comes to the next two, t0 * (2^256 - 2^224 + 2^192) to the last ones.
                ulong m = t0;
                carry = 0;
                t0 = Add(t1, m << 32, ref carry);
                t1 = Add(t2, m >> 32, ref carry);
                ulong borrow = 0;
                ulong low = Subtract(m, m << 32, ref borrow);
                ulong high = m - (m >> 32) - borrow;
                t2 = Add(t3, low, ref carry);
                carry += high;
                ulong last = 0;
                t3 = Add(t4, carry, ref last);
                t4 = overflow + last;
            }

            return Reduced(t0, t1, t2, t3, t4);
        }
    }

    /// <summary>1 / this, by Fermat: this^(p - 2). 0 gives 0. The exponent is public.</summary>
    internal readonly P256Field Inverted()
    {
        // p - 2, most significant limb first.
        ReadOnlySpan<ulong> exponent = [P3, P2, P1, P0 - 2];
        P256Field result = One;
        foreach (ulong limb in exponent)
        {
            for (int bit = 63; bit >= 0; bit--)
            {
                result *= result;
                if (((limb >> bit) & 1) != 0)
                {
                    result *= this;
                }
            }
        }

        return result;
    }

    private static P256Field Reduced(ulong r0, ulong r1, ulong r2, ulong r3, ulong carry)
    {
        ulong borrow = 0;
        var less = new P256Field
        {
            _l0 = Subtract(r0, P0, ref borrow),
            _l1 = Subtract(r1, P1, ref borrow),
            _l2 = Subtract(r2, P2, ref borrow),
            _l3 = Subtract(r3, P3, ref borrow),
        };
        Subtract(carry, 0, ref borrow);
        return Select(unchecked(0 - borrow), new P256Field { _l0 = r0, _l1 = r1, _l2 = r2, _l3 = r3 }, less);
    }

    // Comparisons become values, not branches, by setb.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong a, ulong b, ref ulong carry)
    {
        unchecked
        {
            ulong sum = a + b;
            ulong overflow = sum < a ? 1UL : 0UL;
            sum += carry;
            carry = overflow | (sum < carry ? 1UL : 0UL);
            return sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Subtract(ulong a, ulong b, ref ulong borrow)
    {
        unchecked
        {
            ulong difference = a - b;
            ulong underflow = a < b ? 1UL : 0UL;
            underflow |= difference < borrow ? 1UL : 0UL;
            difference -= borrow;
            borrow = underflow;
            return difference;
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
