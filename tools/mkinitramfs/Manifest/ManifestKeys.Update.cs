using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <content>The keys about update files.</content>
internal static partial class ManifestKeys
{
    internal static readonly ManifestKey<bool> UpdateMake = new("update", "swupdate", Forms.Flag)
    {
        Summary = "Make `update.swu`, and set the root's SWUpdate up for such files. The root needs the packages `swupdate` and `libebgenv0`.",
        Default = false,
    };

    internal static readonly ManifestKey<string> UpdateBoard = new("update", "board", TextForms.Hardware)
    {
        Summary = "What the hardware is called, on the device in `/etc/hwrevision`, unless the root has that file.",
        DefaultOf = values => values.Get(ImageName!),
        DefaultInWords = "`image.name`",
        DerivedFrom = ImageName,
    };

    internal static readonly ManifestKey<string> UpdateRevision = new("update", "revision", TextForms.Hardware)
    {
        Summary = "The revision of the hardware, in the same file.",
        Default = "1",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> UpdateCompatible = new("update", "compatible", Forms.List("a list of revisions", TextForms.HardwarePattern))
    {
        Summary = "Revisions of the hardware that this image may be installed on; `#RE:` begins a regular expression.",
        DefaultOf = values => [values.Get(UpdateRevision!)],
        DefaultInWords = "`revision` alone",
        DerivedFrom = UpdateRevision,
    };

    internal static readonly ManifestKey<bool> UpdateAllowOlder = new("update", "allow-older", Forms.Flag)
    {
        Summary = "Whether a device with this image takes an update with a lower version. Versions are compared by SWUpdate: up to four numbers, or semantic versions.",
        Default = false,
    };

    internal static readonly ManifestKey<bool> UpdateRestart = new("update", "restart", Forms.Flag)
    {
        Summary = "Restart the device once an update is installed.",
        Default = false,
    };

    internal static readonly ManifestKey<bool> UpdateEncrypt = new("update", "encrypt", Forms.Flag)
    {
        Summary = "Encrypt `update.swu` by `signing.update-encryption-key`, but for its description. Devices need an image that has this key already.",
        Default = false,
    };

    internal static readonly ManifestKey<string?> UpdateDeltaUrl = new("update", "delta-url", TextForms.WebAddress)
    {
        Summary = "Make `update-delta.swu` too, by which a device downloads only the chunks that it does not have, and the directory `delta` that has to be published at this address (docs/updates.md). The root file system is laid out for it, and takes a tenth more.",
    };

    internal static readonly ManifestKey<string?> SigningUpdateCertificate = new(
        "signing", "update-certificate", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Certificate (PEM) of the key that signs update files; devices with this image take only files signed by it.",
        DefaultOf = values => values.Get(SigningKeys!) is { } directory ? KeyDirectory.UpdateCertificateIn(directory) : null,
        DefaultInWords = $"`{KeyDirectory.UpdateCertificate}` of `keys`",
        DerivedFrom = SigningKeys,
    };

    internal static readonly ManifestKey<string?> SigningUpdateKey = new(
        "signing", "update-key", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Its private key (PEM), or `update-command`.",
        DefaultOf = values => values.Get(SigningKeys!) is { } directory ? KeyDirectory.UpdateKeyIn(directory) : null,
        DefaultInWords = $"`{KeyDirectory.UpdateKey}` of `keys`",
        DerivedFrom = SigningKeys,
    };

    internal static readonly ManifestKey<IReadOnlyList<string>?> SigningUpdateCommand = new(
        "signing", "update-command", Forms.List("a list: a program and its arguments", TextForms.CommandWord, twice: true)
            .OrNone<IReadOnlyList<string>?>(words => words, words => words!))
    {
        Summary = "A command that signs update files, called as `secure-boot-command` is.",
    };

    internal static readonly ManifestKey<string?> SigningUpdateEncryptionKey = new(
        "signing", "update-encryption-key", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "A file of one line, an AES key of 64 hex digits and an initialization vector of 32, as SWUpdate reads it. Devices with this image have it, in their root, and take files encrypted by it.",
        DefaultOf = values => values.Get(UpdateEncrypt!) && values.Get(SigningKeys!) is { } directory ? KeyDirectory.UpdateEncryptionKeyIn(directory) : null,
        DefaultInWords = $"with `update.encrypt`, `{KeyDirectory.UpdateEncryptionKey}` of `keys`",
        DerivedFrom = SigningKeys,
    };
}
