using System;
using System.Buffers;
using System.Buffers.Text;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// The public key of a PCR signature: PEM <c>PUBLIC KEY</c> (RFC 7468, SubjectPublicKeyInfo of RFC 5280) with an RSA key. systemd
/// uses RSA only for this, since it has the TPM check RSASSA signatures.
/// </summary>
public sealed record RsaPublicKeyPem
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaximumLength = 8192;

    private const byte Sequence = 0x30;
    private const byte Integer = 0x02;
    private const byte BitString = 0x03;
    private const int MinimumModulusLength = 128;
    private const int MaximumModulusLength = 512;

    /// <summary>The modulus, big endian without leading zeros.</summary>
    public required byte[] Modulus { get; init; }

    /// <summary>The exponent, usually 65537.</summary>
    public required uint Exponent { get; init; }

    /// <summary>SHA-256 of the RSAPublicKey's DER: <c>pkfp</c> of a PCR signature.</summary>
    public required byte[] Fingerprint { get; init; }

    // AlgorithmIdentifier of rsaEncryption (1.2.840.113549.1.1.1) with NULL parameters.
    private static ReadOnlySpan<byte> RsaAlgorithm =>
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

    /// <summary>Reads the first public key of a PEM file.</summary>
    public static bool TryParse(ReadOnlySpan<byte> pem, out RsaPublicKeyPem value, out ParseError error)
    {
        value = null!;
        ReadOnlySpan<byte> begin = "-----BEGIN PUBLIC KEY-----"u8;
        int start = pem.IndexOf(begin);
        int length = start < 0 ? -1 : pem[(start + begin.Length)..].IndexOf("-----END PUBLIC KEY-----"u8);
        if (pem.Length > MaximumLength || length < 0)
        {
            error = new("no PEM public key");
            return false;
        }

        Span<byte> der = stackalloc byte[Base64.GetMaxDecodedFromUtf8Length(length)];
        if (Base64.DecodeFromUtf8(pem.Slice(start + begin.Length, length), der, out _, out int written) != OperationStatus.Done)
        {
            error = new("PEM public key is not base64");
            return false;
        }

        return TryParseDer(der[..written], out value, out error);
    }

    /// <summary>Reads a SubjectPublicKeyInfo.</summary>
    public static bool TryParseDer(ReadOnlySpan<byte> der, out RsaPublicKeyPem value, out ParseError error)
    {
        value = null!;
        if (!TryTake(ref der, Sequence, out ReadOnlySpan<byte> info) || !der.IsEmpty)
        {
            error = new("public key is not a DER sequence");
            return false;
        }

        if (!info.StartsWith(RsaAlgorithm))
        {
            error = new("public key is not RSA");
            return false;
        }

        info = info[RsaAlgorithm.Length..];
        if (!TryTake(ref info, BitString, out ReadOnlySpan<byte> bits) || !info.IsEmpty || bits.IsEmpty || bits[0] != 0)
        {
            error = new("public key without its bit string");
            return false;
        }

        ReadOnlySpan<byte> rsaPublicKey = bits[1..];
        ReadOnlySpan<byte> rest = rsaPublicKey;
        if (!TryTake(ref rest, Sequence, out ReadOnlySpan<byte> numbers) || !rest.IsEmpty
            || !TryTake(ref numbers, Integer, out ReadOnlySpan<byte> modulus)
            || !TryTake(ref numbers, Integer, out ReadOnlySpan<byte> exponent)
            || !numbers.IsEmpty)
        {
            error = new("public key without modulus and exponent");
            return false;
        }

        modulus = modulus.TrimStart((byte)0);
        exponent = exponent.TrimStart((byte)0);
        error = modulus.Length is < MinimumModulusLength or > MaximumModulusLength ? new($"RSA modulus of {modulus.Length} bytes")
            : exponent.Length is 0 or > sizeof(uint) ? new($"RSA exponent of {exponent.Length} bytes")
            : default;
        if (error.IsError)
        {
            return false;
        }

        uint number = 0;
        foreach (byte b in exponent)
        {
            number = (number << 8) | b;
        }

        value = new() { Modulus = modulus.ToArray(), Exponent = number, Fingerprint = Digest.Of(DigestAlgorithm.Sha256, rsaPublicKey) };
        return true;
    }

    /// <summary>Takes one DER element with a length below 64 KiB.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> der, byte tag, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (der.Length < 2 || der[0] != tag)
        {
            return false;
        }

        int length = der[1];
        int header = 2;
        if (length is 0x81 or 0x82)
        {
            header += length - 0x80;
            if (der.Length < header)
            {
                return false;
            }

            length = header == 3 ? der[2] : (der[2] << 8) | der[3];
        }
        else if (length > 0x7f)
        {
            return false;
        }

        if (length > der.Length - header)
        {
            return false;
        }

        content = der.Slice(header, length);
        der = der[(header + length)..];
        return true;
    }
}
