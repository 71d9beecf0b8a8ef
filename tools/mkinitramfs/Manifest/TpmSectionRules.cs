using System.Collections.Generic;
using System.Linq;
using InitRuntime.Mkinitramfs.Uki;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What the keys of volumes may be bound to.</summary>
internal static class TpmSectionRules
{
    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        if (!values.IsUsable(TpmSignedPcrs) || !values.IsUsable(TpmPcrs))
        {
            return;
        }

        IReadOnlyList<int> signed = values.Get(TpmSignedPcrs);
        IReadOnlyList<int> literal = values.Get(TpmPcrs);
        if (signed.Any(pcr => pcr != PcrPrediction.Register))
        {
            errors.Add(values.ValuePlaceOf(TpmSignedPcrs), TpmSignedPcrs.FullName,
                $"the build signs PCR {PcrPrediction.Register} only", $"use [{PcrPrediction.Register}] or [], and name other PCRs in pcrs");
        }

        if (signed.Intersect(literal).ToArray() is { Length: > 0 } twice)
        {
            errors.Add(values.ValuePlaceOf(TpmPcrs), TpmPcrs.FullName,
                $"{string.Join(", ", twice)} is in signed-pcrs too{(values.PlaceOf(TpmSignedPcrs) is null ? ", by default" : "")}", "remove it from one of the two");
        }

        if (signed.Count == 0 && literal.Count == 0 && values.IsUsable(TpmPin) && !values.Get(TpmPin)
            && VolumeSectionRules.Encrypted(values).Any())
        {
            errors.Add(values.ValuePlaceOf(TpmSignedPcrs), TpmSignedPcrs.FullName,
                "the keys of encrypted volumes would be bound to nothing", "remove this line, or set pcrs or pin");
        }
    }
}
