using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <content>The keys about who signs.</content>
internal static partial class ManifestKeys
{
    internal static readonly ManifestKey<string?> SigningKeys = new("signing", "keys", PathForms.ExistingDirectory.OrNone<string?>(path => path, path => path!))
    {
        Summary = "A directory made by `initruntime keys`: stands for the keys below. Development keys; a product has its own.",
    };

    internal static readonly ManifestKey<string?> SigningCertificate = new(
        "signing", "secure-boot-certificate", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Secure Boot certificate (PEM) that the devices have in their db.",
        DefaultOf = values => values.Get(SigningKeys!) is { } directory ? KeyDirectory.CertificateIn(directory) : null,
        DefaultInWords = $"`{KeyDirectory.SecureBootCertificate}` of `keys`",
        DerivedFrom = SigningKeys,
    };

    internal static readonly ManifestKey<string?> SigningKey = new(
        "signing", "secure-boot-key", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Its private key (PEM), or `secure-boot-command`.",
        DefaultOf = values => values.Get(SigningKeys!) is { } directory ? KeyDirectory.KeyIn(directory) : null,
        DefaultInWords = $"`{KeyDirectory.SecureBootKey}` of `keys`",
        DerivedFrom = SigningKeys,
    };

    internal static readonly ManifestKey<IReadOnlyList<string>?> SigningCommand = new(
        "signing", "secure-boot-command", Forms.List("a list: a program and its arguments", TextForms.CommandWord, twice: true)
            .OrNone<IReadOnlyList<string>?>(words => words, words => words!))
    {
        Summary = "A command that signs, for keys that never leave an HSM. It gets the SHA-256 digest as hex in one more argument and prints the raw RSA PKCS#1 v1.5 signature. A program with a `/` in its name is relative to the manifest.",
    };

    internal static readonly ManifestKey<string?> SigningPcrPublicKey = new(
        "signing", "pcr-public-key", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Public key (PEM) of the PCR policies in the UKI: the TPM gives the keys of volumes to images that its private key signed. Needed when an encrypted volume is bound to `tpm.signed-pcrs`.",
        DefaultOf = values => values.Get(SigningKeys!) is { } directory ? KeyDirectory.PcrPublicKeyIn(directory) : null,
        DefaultInWords = $"`{KeyDirectory.PcrPublicKey}` of `keys`",
        DerivedFrom = SigningKeys,
    };

    internal static readonly ManifestKey<string?> SigningPcrKey = new(
        "signing", "pcr-key", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Its private key (PEM), or `pcr-command`.",
        DefaultOf = values => values.Get(SigningKeys!) is { } directory ? KeyDirectory.PcrKeyIn(directory) : null,
        DefaultInWords = $"`{KeyDirectory.PcrKey}` of `keys`",
        DerivedFrom = SigningKeys,
    };

    internal static readonly ManifestKey<IReadOnlyList<string>?> SigningPcrCommand = new(
        "signing", "pcr-command", Forms.List("a list: a program and its arguments", TextForms.CommandWord, twice: true)
            .OrNone<IReadOnlyList<string>?>(words => words, words => words!))
    {
        Summary = "A command that signs PCR policies, called as `secure-boot-command` is.",
    };
}
