using System;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What the keys about update files ask of each other.</summary>
internal static class UpdateRules
{
    /// <summary>SWUpdate's own versions: four numbers, each of 16 bits. Source: swupdate core/artifacts_versions.c.</summary>
    private const int MostNumbers = 4;

    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsGood(UpdateMake) || !values.Get(UpdateMake))
        {
            return;
        }

        if (values.IsGood(DeviceControl) && !values.Get(DeviceControl))
        {
            errors.Add(values.ValuePlaceOf(UpdateMake), UpdateMake.FullName, "needs initruntime-ctl on the device", "remove device.control, or set it to true");
        }

        if (values.IsGood(ImageVersion) && values.IsGood(UpdateAllowOlder) && !values.Get(UpdateAllowOlder) && !IsOrdered(values.Get(ImageVersion)))
        {
            errors.Add(
                values.ValuePlaceOf(ImageVersion), ImageVersion.FullName, $"SWUpdate does not order {ManifestErrors.Quote(values.Get(ImageVersion))} as a version",
                "use up to four numbers, such as \"1.4.0\", or a semantic version; or set update.allow-older");
        }

        if (values.IsGood(UpdateEncrypt) && values.Get(UpdateEncrypt))
        {
            if (values.IsGood(UpdateDeltaUrl) && values.Get(UpdateDeltaUrl) is not null)
            {
                errors.Add(
                    values.ValuePlaceOf(UpdateEncrypt), UpdateEncrypt.FullName, "chunks are not encrypted: whoever reads delta-url has the image",
                    "remove update.encrypt or update.delta-url");
            }

            if (values.IsGood(SigningUpdateEncryptionKey) && values.Get(SigningUpdateEncryptionKey) is null)
            {
                errors.Add(values.HeaderOf("signing"), SigningUpdateEncryptionKey.FullName, "missing", "name the file of the AES key that encrypts updates");
            }
        }

        if (values.PlaceOf(SigningKeys) is null)
        {
            if (values.PlaceOf(SigningUpdateCertificate) is null)
            {
                errors.Add(values.HeaderOf("signing"), SigningUpdateCertificate.FullName, "missing", "name the certificate (PEM) of the key that signs updates");
            }

            if (values.PlaceOf(SigningUpdateKey) is null && values.PlaceOf(SigningUpdateCommand) is null)
            {
                errors.Add(values.HeaderOf("signing"), SigningUpdateKey.FullName, "missing", "set update-key or update-command");
            }
        }
    }

    /// <summary>Up to four numbers of 16 bits, or MAJOR.MINOR.PATCH with what semantic versions allow behind it.</summary>
    internal static bool IsOrdered(string version)
    {
        string[] numbers = version.Split('-', '+')[0].Split('.');
        return !version.Contains('~', StringComparison.Ordinal)
            && numbers.All(number => ushort.TryParse(number, System.Globalization.NumberStyles.None, null, out _))
            && (version.AsSpan().ContainsAny('-', '+') ? numbers.Length == 3 : numbers.Length <= MostNumbers);
    }
}
