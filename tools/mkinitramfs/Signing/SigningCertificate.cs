using System;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>A certificate whose key signs; it proves each signature before it is used.</summary>
internal sealed class SigningCertificate : IDisposable
{
    private const int SmallestKeyInBits = 2048;

    private readonly RSA _publicKey;
    private readonly string _path;

    private SigningCertificate(X509Certificate2 certificate, RSA publicKey, string path)
    {
        Certificate = certificate;
        _publicKey = publicKey;
        _path = path;
    }

    internal X509Certificate2 Certificate { get; }

    /// <summary>The certificate of a PEM file.</summary>
    /// <exception cref="BuildException">It cannot be read, or has no RSA key of at least 2048 bits.</exception>
    internal static SigningCertificate Open(string path)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(PemFile.Read(path));
        }
        catch (CryptographicException e)
        {
            throw new BuildException($"{path}: no certificate in it", "a PEM file is needed", e);
        }

        RSA key = certificate.GetRSAPublicKey()
            ?? throw new BuildException(
                $"{path}: its key is not RSA", "firmware verifies RSA signatures only: use an RSA key of 2048 bits or more");
        CheckSize(path, key);
        return new SigningCertificate(certificate, key, path);
    }

    /// <summary>Signs the SHA-256 digest and checks the outcome against the certificate.</summary>
    /// <exception cref="BuildException">The signer's key is not the certificate's, or it fails.</exception>
    internal byte[] Sign(IDigestSigner signer, byte[] sha256Digest)
    {
        byte[] signature = signer.Sign(sha256Digest);
        return Verifies(sha256Digest, signature)
            ? signature
            : throw new BuildException(
                $"the signature made for {_path} is not by its key", "key (or signing command) and certificate must belong together");
    }

    public void Dispose()
    {
        _publicKey.Dispose();
        Certificate.Dispose();
    }

    internal static void CheckSize(string path, RSA key)
    {
        if (key.KeySize < SmallestKeyInBits)
        {
            throw new BuildException($"{path}: an RSA key of {key.KeySize} bits", $"firmware wants at least {SmallestKeyInBits}");
        }
    }

    private bool Verifies(byte[] digest, byte[] signature)
    {
        try
        {
            return _publicKey.VerifyHash(digest, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
