using System.Collections.Generic;
using System.IO;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Who signs: a key directory, or for each purpose a certificate or public key with a key file or a command.</summary>
internal static class SigningRules
{
    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        ManifestKey[] own = [SigningCertificate, SigningKey, SigningCommand, SigningPcrPublicKey, SigningPcrKey, SigningPcrCommand, SigningUpdateCertificate, SigningUpdateKey, SigningUpdateCommand];
        if (values.PlaceOf(SigningKeys) is { } keysPlace)
        {
            foreach (ManifestKey key in own.Where(key => values.PlaceOf(key) is not null))
            {
                errors.Add(values.PlaceOf(key)!.Value, key.FullName, $"contradicts signing.keys in line {keysPlace.Line}", "keep keys, or the keys that it stands for");
            }

            CheckKeyDirectory(values, errors);
        }
        else if (own.All(key => values.PlaceOf(key) is null))
        {
            errors.Add(values.HeaderOf("signing"), SigningKeys.FullName, "missing",
                "make development keys by \"initruntime keys DIR\" and set keys = \"DIR\", or set secure-boot-certificate and secure-boot-key");
        }
        else
        {
            CheckSecureBoot(values, errors);
            CheckPcr(values, errors);
            CheckKeyOrCommand(SigningUpdateKey, SigningUpdateCommand, values, errors);
        }
    }

    private static void CheckKeyDirectory(ManifestValues values, ManifestErrors errors)
    {
        if (values.IsGood(SigningKeys) && values.Get(SigningKeys) is { } directory)
        {
            string[] forUpdates = values.IsGood(UpdateMake) && values.Get(UpdateMake) ? [KeyDirectory.UpdateCertificate, KeyDirectory.UpdateKey] : [];
            foreach (string name in KeyDirectory.Needed.Concat(forUpdates).Where(name => !File.Exists(Path.Combine(directory, name))))
            {
                errors.Add(values.ValuePlaceOf(SigningKeys), SigningKeys.FullName, $"{name} is not in {directory}", $"make the keys by \"initruntime keys {directory}\"");
            }
        }
    }

    private static void CheckSecureBoot(ManifestValues values, ManifestErrors errors)
    {
        if (values.PlaceOf(SigningCertificate) is null)
        {
            errors.Add(values.HeaderOf("signing"), SigningCertificate.FullName, "missing", "name the certificate (PEM) of the Secure Boot key");
        }

        if (values.PlaceOf(SigningKey) is null && values.PlaceOf(SigningCommand) is null)
        {
            errors.Add(values.HeaderOf("signing"), SigningKey.FullName, "missing", "set secure-boot-key or secure-boot-command");
        }

        CheckKeyOrCommand(SigningKey, SigningCommand, values, errors);
    }

    private static void CheckPcr(ManifestValues values, ManifestErrors errors)
    {
        CheckKeyOrCommand(SigningPcrKey, SigningPcrCommand, values, errors);
        ManifestKey? signer = new ManifestKey[] { SigningPcrKey, SigningPcrCommand }.FirstOrDefault(key => values.PlaceOf(key) is not null);
        Place? publicKey = values.PlaceOf(SigningPcrPublicKey);
        if (signer is not null && publicKey is null)
        {
            errors.Add(values.PlaceOf(signer)!.Value, signer.FullName, $"set without {SigningPcrPublicKey.Name}", "set both or neither: the UKI carries the public key");
        }
        else if (signer is null && publicKey is { } place)
        {
            errors.Add(place, SigningPcrPublicKey.FullName, $"set without {SigningPcrKey.Name}", $"set {SigningPcrKey.Name} or {SigningPcrCommand.Name} too");
        }
        else if (signer is null && values.IsUsable(TpmSignedPcrs) && values.Get(TpmSignedPcrs).Count > 0 && VolumeSectionRules.Encrypted(values).Any())
        {
            errors.Add(values.HeaderOf("signing"), SigningPcrKey.FullName, "missing",
                $"the keys of encrypted volumes are bound to {TpmSignedPcrs.FullName}: set pcr-public-key, and pcr-key or pcr-command");
        }
    }

    private static void CheckKeyOrCommand(
        ManifestKey key, ManifestKey<IReadOnlyList<string>?> command, ManifestValues values, ManifestErrors errors)
    {
        if (values.PlaceOf(key) is { } keyPlace && values.PlaceOf(command) is { } commandPlace)
        {
            errors.Add(commandPlace, command.FullName, $"contradicts {key.FullName} in line {keyPlace.Line}", "a key file or a command signs: keep one");
        }

        if (values.IsGood(command) && values.Get(command) is { Count: 0 })
        {
            errors.Add(values.ValuePlaceOf(command), command.FullName, "an empty list", "name the program that signs");
        }
    }
}
