using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// TPMT_PUBLIC: the public area of an object (TPM 2.0 Library part 2, 12.2.4). RSA, ECC and keyed hash objects; others are refused
/// by name. Holds no secrets, so its fields are plain arrays.
/// </summary>
public sealed record PublicArea
{
    /// <summary>TPM_ECC_NIST_P256.</summary>
    public const ushort CurveNistP256 = 0x0003;

    /// <summary>The exponent meant by 0 in TPMS_RSA_PARMS: 2^16 + 1.</summary>
    public const uint DefaultExponent = 0x10001;

    private const int MaximumCoordinateLength = 66;
    private const int MaximumModulusLength = 512;

    /// <summary><see cref="AlgorithmId.Rsa"/>, <see cref="AlgorithmId.Ecc"/> or <see cref="AlgorithmId.KeyedHash"/>.</summary>
    public required AlgorithmId Type { get; init; }

    /// <summary>The hash of the object's Name, and of its salts.</summary>
    public required AlgorithmId NameHash { get; init; }

    /// <summary>TPMA_OBJECT.</summary>
    public required ObjectAttributes Attributes { get; init; }

    /// <summary>The policy digest; empty when there is none.</summary>
    public byte[] Policy { get; init; } = [];

    /// <summary>The symmetric cipher of a parent key (AES, or Null), RSA and ECC only.</summary>
    public AlgorithmId Symmetric { get; init; } = AlgorithmId.Null;

    /// <summary>The symmetric key's length in bits; 0 when <see cref="Symmetric"/> is Null.</summary>
    public ushort SymmetricKeyBits { get; init; }

    /// <summary>RSA modulus length in bits.</summary>
    public ushort RsaKeyBits { get; init; }

    /// <summary>RSA exponent as on the wire: 0 means <see cref="DefaultExponent"/>.</summary>
    public uint RsaExponent { get; init; }

    /// <summary>RSA modulus, big endian; empty in a template.</summary>
    public byte[] RsaModulus { get; init; } = [];

    /// <summary>ECC curve.</summary>
    public ushort Curve { get; init; }

    /// <summary>ECC x, big endian; empty in a template.</summary>
    public byte[] EccX { get; init; } = [];

    /// <summary>ECC y, big endian; empty in a template.</summary>
    public byte[] EccY { get; init; } = [];

    /// <summary>The unique field of a keyed hash object: a digest, empty in a template.</summary>
    public byte[] KeyedHashUnique { get; init; } = [];

    /// <summary>The TPMT_PUBLIC exactly as it was read; empty for one made here.</summary>
    public byte[] Encoded { get; private init; } = [];

    /// <summary>Reads a TPMT_PUBLIC that fills <paramref name="data"/> exactly.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, out PublicArea value, out ParseError error)
    {
        value = null!;
        if (data.Length > Wire.MaximumAreaLength)
        {
            error = new($"public area of {data.Length} bytes");
            return false;
        }

        var reader = new SpanReader(data);
        AlgorithmId type = reader.Algorithm();
        AlgorithmId nameHash = reader.Algorithm();
        var attributes = (ObjectAttributes)reader.U32BigEndian();
        ReadOnlySpan<byte> policy = reader.Sized(Algorithms.MaximumDigestLength);

        AlgorithmId symmetric = AlgorithmId.Null;
        ushort symmetricBits = 0;
        ushort rsaBits = 0;
        uint exponent = 0;
        ushort curve = 0;
        ReadOnlySpan<byte> modulus = default;
        ReadOnlySpan<byte> x = default;
        ReadOnlySpan<byte> y = default;
        ReadOnlySpan<byte> unique = default;
        bool known = true;
        switch (type)
        {
            case AlgorithmId.Rsa:
                known = ReadSymmetric(ref reader, out symmetric, out symmetricBits) && SkipScheme(ref reader);
                rsaBits = reader.U16BigEndian();
                exponent = reader.U32BigEndian();
                modulus = reader.Sized(MaximumModulusLength);
                break;
            case AlgorithmId.Ecc:
                known = ReadSymmetric(ref reader, out symmetric, out symmetricBits) && SkipScheme(ref reader);
                curve = reader.U16BigEndian();
                known &= SkipScheme(ref reader);
                x = reader.Sized(MaximumCoordinateLength);
                y = reader.Sized(MaximumCoordinateLength);
                break;
            case AlgorithmId.KeyedHash:
                known = SkipKeyedHashScheme(ref reader);
                unique = reader.Sized(Algorithms.MaximumDigestLength);
                break;
            default:
                error = new($"public area of type {Algorithms.Name(type)}, only rsa, ecc and keyedhash are known");
                return false;
        }

        error = reader.Overrun ? new("public area cut short")
            : !known ? new("public area with an unknown scheme")
            : reader.Remaining != 0 ? new($"{reader.Remaining} bytes after the public area")
            : Algorithms.DigestLength(nameHash) == 0 ? new($"name hash {Algorithms.Name(nameHash)}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new()
        {
            Type = type,
            NameHash = nameHash,
            Attributes = attributes,
            Policy = policy.ToArray(),
            Symmetric = symmetric,
            SymmetricKeyBits = symmetricBits,
            RsaKeyBits = rsaBits,
            RsaExponent = exponent,
            RsaModulus = modulus.ToArray(),
            Curve = curve,
            EccX = x.ToArray(),
            EccY = y.ToArray(),
            KeyedHashUnique = unique.ToArray(),
            Encoded = data.ToArray(),
        };
        return true;
    }

    /// <summary>Appends it as TPM2B_PUBLIC, with all schemes Null. What was read is written back byte by byte.</summary>
    public void WriteSized(ref WireWriter writer)
    {
        if (Encoded.Length != 0)
        {
            writer.Sized(Encoded);
            return;
        }

        int start = writer.BeginSized();
        WriteFields(ref writer);
        writer.EndSized(start);
    }

    /// <summary>The TPMT_PUBLIC bytes.</summary>
    public byte[] Encode()
    {
        if (Encoded.Length != 0)
        {
            return Encoded;
        }

        var writer = new WireWriter(new byte[Wire.MaximumAreaLength]);
        WriteFields(ref writer);
        return writer.Overrun ? throw new InvalidOperationException("public area too large") : writer.Written.ToArray();
    }

    private void WriteFields(ref WireWriter writer)
    {
        writer.Algorithm(Type);
        writer.Algorithm(NameHash);
        writer.U32((uint)Attributes);
        writer.Sized(Policy);
        switch (Type)
        {
            case AlgorithmId.Rsa:
                WriteSymmetric(ref writer);
                writer.Algorithm(AlgorithmId.Null);
                writer.U16(RsaKeyBits);
                writer.U32(RsaExponent);
                writer.Sized(RsaModulus);
                break;
            case AlgorithmId.Ecc:
                WriteSymmetric(ref writer);
                writer.Algorithm(AlgorithmId.Null);
                writer.U16(Curve);
                writer.Algorithm(AlgorithmId.Null);
                writer.Sized(EccX);
                writer.Sized(EccY);
                break;
            default:
                writer.Algorithm(AlgorithmId.Null);
                writer.Sized(KeyedHashUnique);
                break;
        }
    }

    private void WriteSymmetric(ref WireWriter writer)
    {
        writer.Algorithm(Symmetric);
        if (Symmetric != AlgorithmId.Null)
        {
            writer.U16(SymmetricKeyBits);
            writer.Algorithm(AlgorithmId.Cfb);
        }
    }

    private static bool ReadSymmetric(ref SpanReader reader, out AlgorithmId algorithm, out ushort bits)
    {
        algorithm = reader.Algorithm();
        bits = 0;
        if (algorithm == AlgorithmId.Null)
        {
            return true;
        }

        bits = reader.U16BigEndian();
        return reader.Algorithm() == AlgorithmId.Cfb;
    }

    /// <summary>TPMT_RSA_SCHEME, TPMT_ECC_SCHEME or TPMT_KDF_SCHEME: Null, or an algorithm with at most a hash.</summary>
    private static bool SkipScheme(ref SpanReader reader)
    {
        switch (reader.Algorithm())
        {
            case AlgorithmId.Null or AlgorithmId.RsaEs:
                return true;
            case AlgorithmId.RsaSsa or AlgorithmId.RsaPss or AlgorithmId.Oaep or AlgorithmId.EcDsa or AlgorithmId.EcDh:
                reader.Skip(sizeof(ushort));
                return true;
            default:
                return false;
        }
    }

    private static bool SkipKeyedHashScheme(ref SpanReader reader)
    {
        switch (reader.Algorithm())
        {
            case AlgorithmId.Null:
                return true;
            case AlgorithmId.Hmac:
                reader.Skip(sizeof(ushort));
                return true;
            default:
                return false;
        }
    }
}
