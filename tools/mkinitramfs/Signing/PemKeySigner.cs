using System;
using System.Security.Cryptography;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>An RSA private key in an unencrypted PEM file.</summary>
internal sealed class PemKeySigner : IDigestSigner
{
    private readonly RSA _key;

    private PemKeySigner(RSA key) => _key = key;

    /// <summary>The PEM file's key.</summary>
    /// <exception cref="BuildException">It cannot be read, or is no RSA key of at least 2048 bits.</exception>
    internal static PemKeySigner Open(string path)
    {
        var key = RSA.Create();
        try
        {
            key.ImportFromPem(PemFile.Read(path));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new BuildException(
                $"{path}: no RSA private key in it", "an unencrypted PEM file is needed; keys elsewhere sign by an external command", e);
        }

        SigningCertificate.CheckSize(path, key);
        if (!HasPrivatePart(key))
        {
            throw new BuildException($"{path}: holds a public key, not a private one");
        }

        return new PemKeySigner(key);
    }

    /// <summary>Its public half.</summary>
    internal RSAParameters PublicKey => _key.ExportParameters(includePrivateParameters: false);

    public byte[] Sign(byte[] sha256Digest) => _key.SignHash(sha256Digest, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static bool HasPrivatePart(RSA key)
    {
        try
        {
            key.SignHash(new byte[SHA256.HashSizeInBytes], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
