using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>SignedData of one signer with SHA-256 and RSA (RFC 5652, section 5.1), in DER: what Authenticode and update files are signed by.</summary>
internal static class CmsSignedData
{
    internal const string ContentType = "1.2.840.113549.1.7.2";
    internal const string Sha256 = "2.16.840.1.101.3.4.2.1";

    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    /// <summary>The tag [0], of what holds other values.</summary>
    internal static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <summary>Writes it.</summary>
    /// <param name="contentType">What is signed.</param>
    /// <param name="content">That itself, in DER; null if the signature does not carry it.</param>
    /// <param name="certificate">The signer's; it is carried along.</param>
    /// <param name="attributes">The signed attributes, encoded as the SET that is hashed; null for a signature over the content itself.</param>
    /// <param name="signature">RSA PKCS#1 v1.5.</param>
    internal static byte[] Write(string contentType, byte[]? content, X509Certificate2 certificate, byte[]? attributes, byte[] signature)
    {
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            der.WriteObjectIdentifier(ContentType);
            using (der.PushSequence(Context0))
            using (der.PushSequence())
            {
                der.WriteInteger(1);
                using (der.PushSetOf())
                {
                    WriteAlgorithm(der, Sha256);
                }

                using (der.PushSequence())
                {
                    der.WriteObjectIdentifier(contentType);
                    if (content is not null)
                    {
                        using (der.PushSequence(Context0))
                        {
                            der.WriteEncodedValue(content);
                        }
                    }
                }

                using (der.PushSetOf(Context0))
                {
                    der.WriteEncodedValue(certificate.RawData);
                }

                using (der.PushSetOf())
                {
                    WriteSigner(der, certificate, attributes, signature);
                }
            }
        }

        return der.Encode();
    }

    internal static void WriteAlgorithm(AsnWriter der, string oid)
    {
        using (der.PushSequence())
        {
            der.WriteObjectIdentifier(oid);
            der.WriteNull();
        }
    }

    private static void WriteSigner(AsnWriter der, X509Certificate2 certificate, byte[]? attributes, byte[] signature)
    {
        using (der.PushSequence())
        {
            der.WriteInteger(1);
            using (der.PushSequence())
            {
                der.WriteEncodedValue(certificate.IssuerName.RawData);
                der.WriteInteger(certificate.SerialNumberBytes.Span);
            }

            WriteAlgorithm(der, Sha256);
            if (attributes is not null)
            {
                // The same bytes as were hashed, under the tag [0] in place of SET.
                byte[] tagged = [.. attributes];
                tagged[0] = 0xa0;
                der.WriteEncodedValue(tagged);
            }

            WriteAlgorithm(der, RsaEncryption);
            der.WriteOctetString(signature);
        }
    }
}
