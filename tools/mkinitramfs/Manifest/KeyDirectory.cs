using System.IO;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Names in a directory made by <c>initruntime keys</c>: what makes it and what reads it agree here.</summary>
internal static class KeyDirectory
{
    /// <summary>The Secure Boot key that signs loader and UKI.</summary>
    internal const string SecureBootKey = "db.key";

    /// <summary>Its certificate.</summary>
    internal const string SecureBootCertificate = "db.crt";

    /// <summary>The key that signs PCR policies.</summary>
    internal const string PcrKey = "pcr.key";

    /// <summary>Its public half.</summary>
    internal const string PcrPublicKey = "pcr.pub";

    /// <summary>The key that signs update files.</summary>
    internal const string UpdateKey = "update.key";

    /// <summary>Its certificate.</summary>
    internal const string UpdateCertificate = "update.crt";

    /// <summary>The key that encrypts update files.</summary>
    internal const string UpdateEncryptionKey = "update.aes";

    /// <summary>Its files that a build cannot do without.</summary>
    internal static readonly string[] Needed = [SecureBootCertificate, SecureBootKey, PcrKey, PcrPublicKey];

    internal static string CertificateIn(string directory) => Path.Combine(directory, SecureBootCertificate);

    internal static string KeyIn(string directory) => Path.Combine(directory, SecureBootKey);

    internal static string UpdateCertificateIn(string directory) => Path.Combine(directory, UpdateCertificate);

    internal static string UpdateKeyIn(string directory) => Path.Combine(directory, UpdateKey);

    internal static string UpdateEncryptionKeyIn(string directory) => Path.Combine(directory, UpdateEncryptionKey);

    internal static string PcrKeyIn(string directory) => Path.Combine(directory, PcrKey);

    internal static string PcrPublicKeyIn(string directory) => Path.Combine(directory, PcrPublicKey);
}
