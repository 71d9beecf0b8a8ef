using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>Makes every key that an image needs, for development: clearly marked, and never over existing ones.</summary>
internal static class DevelopmentKeys
{
    private const int KeyBits = 2048;
    private const int Years = 30;
    private const int SerialBytes = 16;
    private const string Mark = "DEVELOPMENT ONLY, do not ship";
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicMode = PrivateMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Older than any device clock that was never set can be, for verifiers that look at the time.</summary>
    private static readonly DateTimeOffset _notBefore = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>File name, and what starts the common name, which may have 64 characters (X.520 ub-common-name).</summary>
    private static readonly (string Name, string Owner)[] _certificates =
    [
        ("PK", "InitRuntime PK"),
        ("KEK", "InitRuntime KEK"),
        ("db", "InitRuntime db"),
        ("update", "InitRuntime update"),
    ];

    private const string ReadMe = $"""
        These keys are for {Mark}: they were made by `initruntime keys` without any
        protection, and whoever has a copy can sign for every device that trusts them.

        PK.key, PK.crt          Secure Boot platform key: owns the firmware's key lists.
        KEK.key, KEK.crt        Secure Boot key exchange key: may change db and dbx.
        db.key, db.crt          Secure Boot signing key: signs EFI Boot Guard and the UKI.
        update.key, update.crt  signs update files.
        update.aes              encrypts update files; devices have it, too.
        pcr.key, pcr.pub        signs the PCR policies in the UKI (.pcrsig, .pcrpkey): a TPM
                                releases a disk's key to images signed by it.

        *.key are private (PEM, PKCS#8, mode 0600), and so is update.aes; *.crt are certificates and *.pub a public
        key (PEM). For a product, make your own keys, keep the private ones in an HSM, and
        name a signing command in the manifest.

        """;

    /// <summary>Whether a certificate file is one that <see cref="Make"/> made; false for what is none, which its reader names later.</summary>
    internal static bool IsMarked(string certificateFile)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(certificateFile));
            return certificate.Subject.Contains(Mark, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Makes PK, KEK, db and update (key and certificate), pcr (key pair) and README.txt in a directory.</summary>
    /// <exception cref="BuildException">One of the files is there already, or cannot be written; no key was overwritten.</exception>
    internal static void Make(string directory)
    {
        string[] names = [.. _certificates.SelectMany(c => new[] { c.Name + ".key", c.Name + ".crt" }), "pcr.key", "pcr.pub", KeyDirectory.UpdateEncryptionKey, "README.txt"];
        string[] existing = [.. names.Where(name => Path.Exists(Path.Combine(directory, name)))];
        if (existing.Length > 0)
        {
            throw new BuildException(
                $"{directory}: already has {string.Join(", ", existing)}", "keys are never overwritten: name another directory");
        }

        try
        {
            Directory.CreateDirectory(directory);
            foreach ((string name, string text) in MakeAll())
            {
                Write(Path.Combine(directory, name), text, name.EndsWith(".key", StringComparison.Ordinal) || name == KeyDirectory.UpdateEncryptionKey ? PrivateMode : PublicMode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{directory}: {e.Message}", inner: e);
        }
    }

    private static List<(string Name, string Text)> MakeAll()
    {
        var files = new List<(string, string)>();
        foreach ((string name, string owner) in _certificates)
        {
            using var key = RSA.Create(KeyBits);
            using X509Certificate2 certificate = SelfSigned(key, $"{owner} - {Mark}");
            files.Add((name + ".key", key.ExportPkcs8PrivateKeyPem() + "\n"));
            files.Add((name + ".crt", certificate.ExportCertificatePem() + "\n"));
        }

        using var pcr = RSA.Create(KeyBits);
        files.Add(("pcr.key", pcr.ExportPkcs8PrivateKeyPem() + "\n"));
        files.Add(("pcr.pub", pcr.ExportSubjectPublicKeyInfoPem() + "\n"));
        files.Add((KeyDirectory.UpdateEncryptionKey, EncryptionKey.Make()));
        files.Add(("README.txt", ReadMe));
        return files;
    }

    private static X509Certificate2 SelfSigned(RSA key, string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        byte[] serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return request.Create(
            name.Build(),
            X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1),
            _notBefore,
            DateTimeOffset.UtcNow.AddYears(Years),
            serial);
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
