using System;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>
/// A CMS signature (RFC 5652) over bytes that it does not hold, without signed attributes: what <c>openssl cms -sign -noattr -binary</c>
/// makes and SWUpdate reads. It has no time, so the same bytes and key give the same signature.
/// </summary>
internal static class DetachedSignature
{
    private const string SignedData = "1.2.840.113549.1.7.2";
    private const string Data = "1.2.840.113549.1.7.1";
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    private static readonly Asn1Tag _context0 = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <summary>Signs with the key that a manifest names for updates; in DER.</summary>
    /// <exception cref="BuildException">A file of it cannot be used, or key and certificate do not belong together.</exception>
    internal static byte[] Make(ReadOnlySpan<byte> content, SigningSection settings, IBuildLog log)
    {
        using var certificate = SigningCertificate.Open(settings.UpdateCertificate ?? throw new BuildException("no certificate for updates"));
        IDigestSigner signer = settings.UpdateCommand is { } words ? new CommandSigner(words, log)
            : settings.UpdateKey is { } key ? PemKeySigner.Open(key)
            : throw new BuildException("neither a key nor a command signs updates");
        return Write(certificate.Certificate, certificate.Sign(signer, SHA256.HashData(content)));
    }

    private static byte[] Write(X509Certificate2 certificate, byte[] signature)
    {
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            der.WriteObjectIdentifier(SignedData);
            using (der.PushSequence(_context0))
            using (der.PushSequence())
            {
                der.WriteInteger(1);
                using (der.PushSetOf())
                {
                    WriteAlgorithm(der, Sha256);
                }

                using (der.PushSequence())
                {
                    der.WriteObjectIdentifier(Data);
                }

                using (der.PushSetOf(_context0))
                {
                    der.WriteEncodedValue(certificate.RawData);
                }

                using (der.PushSetOf())
                {
                    WriteSigner(der, certificate, signature);
                }
            }
        }

        return der.Encode();
    }

    private static void WriteSigner(AsnWriter der, X509Certificate2 certificate, byte[] signature)
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
            WriteAlgorithm(der, RsaEncryption);
            der.WriteOctetString(signature);
        }
    }

    private static void WriteAlgorithm(AsnWriter der, string oid)
    {
        using (der.PushSequence())
        {
            der.WriteObjectIdentifier(oid);
            der.WriteNull();
        }
    }
}
