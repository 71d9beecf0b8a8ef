using System;
using System.Security.Cryptography;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>The key that signs PCR policies: a TPM that was told its public half unseals for whatever it signed.</summary>
internal sealed class PcrPolicyKey
{
    private readonly IDigestSigner _signer;
    private readonly string _file;

    private readonly byte[] _publicKey;

    private PcrPolicyKey(IDigestSigner signer, string file, string pem, byte[] publicKey)
    {
        _signer = signer;
        _file = file;
        _publicKey = publicKey;
        PublicKeyPem = pem;
    }

    /// <summary>The public key file as it is: what <c>.pcrpkey</c> holds.</summary>
    internal string PublicKeyPem { get; }

    /// <summary>
    /// By what systemd tells keys apart (<c>pkfp</c>): SHA-256 of the RSAPublicKey in DER (PKCS#1), not of the
    /// SubjectPublicKeyInfo that the PEM file holds.
    /// </summary>
    internal byte[] Fingerprint => SHA256.HashData(_publicKey);

    /// <summary>The key that a manifest names; null if it names none.</summary>
    /// <exception cref="BuildException">A file of it cannot be used.</exception>
    internal static PcrPolicyKey? Open(SigningSection settings, IBuildLog log) => settings switch
    {
        { PcrPublicKey: { } publicKey, PcrCommand: { } words } => Open(new CommandSigner(words, log), publicKey),
        { PcrPublicKey: { } publicKey, PcrKey: { } key } => Open(PemKeySigner.Open(key), publicKey),
        _ => null,
    };

    /// <summary>A key pair.</summary>
    /// <param name="signer">Holds the private key.</param>
    /// <param name="publicKeyFile">PEM, SubjectPublicKeyInfo.</param>
    /// <exception cref="BuildException">The public key cannot be read, or is not an RSA key of at least 2048 bits.</exception>
    internal static PcrPolicyKey Open(IDigestSigner signer, string publicKeyFile)
    {
        string pem = PemFile.Read(publicKeyFile);
        using var key = RSA.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new BuildException($"{publicKeyFile}: no RSA public key in it", "a PEM file is needed", e);
        }

        // A private key file would be taken too, and its text would end up in every image.
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new BuildException($"{publicKeyFile}: holds a private key", "name the file of the public key");
        }

        SigningCertificate.CheckSize(publicKeyFile, key);
        return new PcrPolicyKey(signer, publicKeyFile, pem, key.ExportRSAPublicKey());
    }

    /// <summary>Signs a policy digest (RSASSA with SHA-256 over it) and checks the outcome against the public key.</summary>
    /// <exception cref="BuildException">The signer fails, or has another key.</exception>
    internal byte[] SignPolicy(byte[] policyDigest)
    {
        byte[] hash = SHA256.HashData(policyDigest);
        byte[] signature = _signer.Sign(hash);
        using var key = RSA.Create();
        key.ImportRSAPublicKey(_publicKey, out _);
        return signature.Length * 8 == key.KeySize && key.VerifyHash(hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            ? signature
            : throw new BuildException(
                $"the PCR policy signature is not by the key of {_file}", "private and public key must belong together");
    }
}
