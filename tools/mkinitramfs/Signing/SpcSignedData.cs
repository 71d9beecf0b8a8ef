using System;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>
/// The PKCS#7 SignedData of an Authenticode signature ("Windows Authenticode Portable Executable Signature Format"). It has no
/// signing time, so the same image and key give the same bytes.
/// </summary>
internal static class SpcSignedData
{
    private const string ContentType = "1.2.840.113549.1.9.3";
    private const string MessageDigest = "1.2.840.113549.1.9.4";
    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";
    private const string SpcPeImageData = "1.3.6.1.4.1.311.2.1.15";

    private static readonly Asn1Tag _context0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag _context2Constructed = new(TagClass.ContextSpecific, 2, isConstructed: true);

    /// <summary>The signature of an image, in DER.</summary>
    /// <param name="imageDigest">The image's Authenticode SHA-256 digest.</param>
    /// <param name="certificate">The signer's; it is carried along.</param>
    /// <param name="sign">Signs a SHA-256 digest by the certificate's key: RSA PKCS#1 v1.5.</param>
    internal static byte[] Write(byte[] imageDigest, X509Certificate2 certificate, Func<byte[], byte[]> sign)
    {
        byte[] content = IndirectData(imageDigest);
        byte[] attributes = SignedAttributes(content);
        return CmsSignedData.Write(SpcIndirectData, content, certificate, attributes, sign(SHA256.HashData(attributes)));
    }

    /// <summary>The digest that a signature says its image has; null if it is no Authenticode signature with SHA-256.</summary>
    /// <remarks>The signature itself is not verified here.</remarks>
    internal static byte[]? ReadImageDigest(byte[] pkcs7)
    {
        try
        {
            // A certificate table pads its entries with zeros; BER, because other signers write it.
            AsnReader contentInfo = new AsnReader(FirstValue(pkcs7), AsnEncodingRules.BER).ReadSequence();
            AsnReader signedData = contentInfo.ReadObjectIdentifier() == CmsSignedData.ContentType
                ? contentInfo.ReadSequence(CmsSignedData.Context0).ReadSequence()
                : throw new AsnContentException();
            signedData.ReadInteger();
            signedData.ReadSetOf();
            AsnReader encapsulated = signedData.ReadSequence();
            if (encapsulated.ReadObjectIdentifier() != SpcIndirectData)
            {
                return null;
            }

            AsnReader indirect = encapsulated.ReadSequence(CmsSignedData.Context0).ReadSequence();
            indirect.ReadSequence();
            AsnReader digestInfo = indirect.ReadSequence();
            bool sha256 = digestInfo.ReadSequence().ReadObjectIdentifier() == CmsSignedData.Sha256;
            byte[] digest = digestInfo.ReadOctetString();
            return sha256 && digest.Length == SHA256.HashSizeInBytes ? digest : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static byte[] FirstValue(byte[] bytes)
    {
        AsnDecoder.ReadEncodedValue(bytes, AsnEncodingRules.BER, out _, out _, out int consumed);
        return bytes[..consumed];
    }

    private static byte[] IndirectData(byte[] imageDigest)
    {
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            using (der.PushSequence())
            {
                der.WriteObjectIdentifier(SpcPeImageData);
                using (der.PushSequence())
                {
                    der.WriteBitString([]);
                    // SpcLink, its choice "file": a string that nothing reads, which all signers write as empty or obsolete.
                    using (der.PushSequence(CmsSignedData.Context0))
                    using (der.PushSequence(_context2Constructed))
                    {
                        der.WriteCharacterString(UniversalTagNumber.BMPString, string.Empty, _context0);
                    }
                }
            }

            using (der.PushSequence())
            {
                CmsSignedData.WriteAlgorithm(der, CmsSignedData.Sha256);
                der.WriteOctetString(imageDigest);
            }
        }

        return der.Encode();
    }

    /// <summary>The signed attributes, encoded as the SET that is hashed.</summary>
    private static byte[] SignedAttributes(byte[] content)
    {
        // PKCS#7 digests the value's content, without its own tag and length.
        AsnDecoder.ReadSequence(content, AsnEncodingRules.DER, out int start, out int length, out _);
        byte[] digest = SHA256.HashData(content.AsSpan(start, length));
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSetOf())
        {
            using (der.PushSequence())
            {
                der.WriteObjectIdentifier(ContentType);
                using (der.PushSetOf())
                {
                    der.WriteObjectIdentifier(SpcIndirectData);
                }
            }

            using (der.PushSequence())
            {
                der.WriteObjectIdentifier(MessageDigest);
                using (der.PushSetOf())
                {
                    der.WriteOctetString(digest);
                }
            }
        }

        return der.Encode();
    }
}
