using System;
using System.Security.Cryptography;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>
/// A CMS signature (RFC 5652) over bytes that it does not hold, without signed attributes: what <c>openssl cms -sign -noattr -binary</c>
/// makes and SWUpdate reads. It has no time, so the same bytes and key give the same signature.
/// </summary>
internal static class DetachedSignature
{
    /// <summary>id-data of RFC 5652, section 4.</summary>
    private const string Data = "1.2.840.113549.1.7.1";

    /// <summary>Signs with the key that a manifest names for updates; in DER.</summary>
    /// <exception cref="BuildException">A file of it cannot be used, or key and certificate do not belong together.</exception>
    internal static byte[] Make(ReadOnlySpan<byte> content, SigningSection settings, IBuildLog log)
    {
        using var certificate = SigningCertificate.Open(settings.UpdateCertificate ?? throw new BuildException("no certificate for updates"));
        IDigestSigner signer = settings.UpdateCommand is { } words ? new CommandSigner(words, log)
            : settings.UpdateKey is { } key ? PemKeySigner.Open(key)
            : throw new BuildException("neither a key nor a command signs updates");
        return CmsSignedData.Write(Data, content: null, certificate.Certificate, attributes: null, certificate.Sign(signer, SHA256.HashData(content)));
    }
}
