using System;

namespace InitRuntime.Crypto;

/// <summary>
/// Diffie-Hellman on NIST P-256 (SP 800-56A): what a TPM session needs to send a secret to the TPM's key. The time taken does not
/// depend on the secret scalar. Coordinates and scalars are 32 bytes, big endian.
/// </summary>
public static class P256
{
    /// <summary>Length of a scalar or coordinate, in bytes.</summary>
    public const int Length = P256Field.Length;

    // The group's order n (SP 800-186 3.2.1.3).
    private static ReadOnlySpan<byte> Order =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    private static ReadOnlySpan<byte> CoefficientB =>
    [
        0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86, 0xbc,
        0x65, 0x1d, 0x06, 0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b,
    ];

    private static ReadOnlySpan<byte> BaseX =>
    [
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
        0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ];

    private static ReadOnlySpan<byte> BaseY =>
    [
        0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
        0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ];

    /// <summary>Whether it may be a private scalar: 32 bytes, 1 to n - 1. Random bytes fail this once in 2^32 draws: draw again.</summary>
    public static bool IsScalar(ReadOnlySpan<byte> scalar)
    {
        if (scalar.Length != Length)
        {
            return false;
        }

        uint borrow = 0;
        uint any = 0;
        for (int i = Length - 1; i >= 0; i--)
        {
            borrow = unchecked((uint)scalar[i] - Order[i] - borrow) >> 31;
            any |= scalar[i];
        }

        return borrow == 1 && any != 0;
    }

    /// <summary>The public point of <paramref name="scalar"/>.</summary>
    /// <exception cref="ArgumentException">The scalar fails <see cref="IsScalar"/>.</exception>
    public static void PublicPoint(ReadOnlySpan<byte> scalar, Span<byte> x, Span<byte> y)
    {
        if (!TryMultiply(scalar, BaseX, BaseY, x, y))
        {
            throw new ArgumentException("not a scalar of P-256", nameof(scalar));
        }
    }

    /// <summary>
    /// The x coordinate of <paramref name="scalar"/> times the other side's point. False, and nothing written, when that point is
    /// not on the curve or the scalar is none: a key from outside is checked here.
    /// </summary>
    public static bool TryAgree(ReadOnlySpan<byte> scalar, ReadOnlySpan<byte> otherX, ReadOnlySpan<byte> otherY, Span<byte> sharedX) =>
        TryMultiply(scalar, otherX, otherY, sharedX, default);

    private static bool TryMultiply(
        ReadOnlySpan<byte> scalar, ReadOnlySpan<byte> pointX, ReadOnlySpan<byte> pointY, Span<byte> x, Span<byte> y)
    {
        P256Field.TryRead(CoefficientB, out P256Field b);
        if (!IsScalar(scalar) || !P256Field.TryRead(pointX, out P256Field px) || !P256Field.TryRead(pointY, out P256Field py)
            || !IsOnCurve(px, py, b))
        {
            return false;
        }

        Point point = new() { X = px, Y = py, Z = P256Field.One };
        Point sum = new() { X = default, Y = P256Field.One, Z = default };
        for (int i = 0; i < Length; i++)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                sum = Add(sum, sum, b);
                Point added = Add(sum, point, b);
                ulong mask = unchecked(0 - (((ulong)scalar[i] >> bit) & 1));
                sum.X = P256Field.Select(mask, added.X, sum.X);
                sum.Y = P256Field.Select(mask, added.Y, sum.Y);
                sum.Z = P256Field.Select(mask, added.Z, sum.Z);
            }
        }

        // The scalar is below the order of every point, so the result is never the point at infinity.
        P256Field inverse = sum.Z.Inverted();
        (sum.X * inverse).Write(x);
        if (!y.IsEmpty)
        {
            (sum.Y * inverse).Write(y);
        }

        return true;
    }

    // y^2 = x^3 - 3x + b
    private static bool IsOnCurve(in P256Field x, in P256Field y, in P256Field b)
    {
        P256Field right = (x * x * x) - (x + x + x) + b;
        return ((y * y) - right).ZeroMask() != 0;
    }

    /// <summary>
    /// Complete addition in projective coordinates for a = -3: right for all pairs of points, equal ones and infinity included, so
    /// nothing depends on which it is (Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves", 2016,
    /// algorithm 4).
    /// </summary>
    private static Point Add(in Point p, in Point q, in P256Field b)
    {
        P256Field t0 = p.X * q.X;
        P256Field t1 = p.Y * q.Y;
        P256Field t2 = p.Z * q.Z;
        P256Field xy = ((p.X + p.Y) * (q.X + q.Y)) - (t0 + t1);
        P256Field yz = ((p.Y + p.Z) * (q.Y + q.Z)) - (t1 + t2);
        P256Field xz = ((p.X + p.Z) * (q.X + q.Z)) - (t0 + t2);

        P256Field bracket = xz - (b * t2);
        P256Field third = bracket + bracket + bracket;
        P256Field low = t1 - third;
        P256Field high = t1 + third;

        P256Field z3 = t2 + t2 + t2;
        P256Field inner = (b * xz) - z3 - t0;
        P256Field three = inner + inner + inner;
        P256Field x3 = t0 + t0 + t0 - z3;

        return new()
        {
            X = (xy * high) - (yz * three),
            Y = (low * high) + (x3 * three),
            Z = (yz * low) + (xy * x3),
        };
    }

    private struct Point
    {
        internal P256Field X;
        internal P256Field Y;
        internal P256Field Z;
    }
}
