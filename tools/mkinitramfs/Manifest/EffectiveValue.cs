using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What one key became, and why.</summary>
/// <param name="Section">Its section; with a number when the section can stand several times.</param>
/// <param name="Key">Its name.</param>
/// <param name="Value">As the manifest would have it; null for none.</param>
/// <param name="None">What none means, if the manual says so.</param>
/// <param name="Place">Where it comes from; null when it is the default.</param>
/// <param name="From">The other key that made it, or null.</param>
internal sealed record EffectiveValue(string Section, string Key, JsonNode? Value, string? None, Place? Place, string? From)
{
    /// <summary>Every key of a manifest without errors, in the order of the manual.</summary>
    internal static IReadOnlyList<EffectiveValue> All(ManifestReading reading)
    {
        var all = new List<EffectiveValue>();
        foreach (ManifestSection section in ManifestSections.All)
        {
            if (!section.Repeated)
            {
                all.AddRange(section.Keys.Select(key => Of(reading.Values, section.Name, key, 0)));
            }
            else if (reading.Values.CountOf(section.Name) is { } count)
            {
                all.AddRange(Enumerable.Range(0, count)
                    .SelectMany(i => section.Keys.Select(key => Of(reading.Values, $"{section.Name}[{i}]", key, i))));
            }
            else if (section.Name == ManifestKeys.OverlayPath.Section)
            {
                all.AddRange(ManifestKeys.DefaultOverlays(reading.Values).SelectMany((overlay, i) => new EffectiveValue[]
                {
                    new($"{section.Name}[{i}]", ManifestKeys.OverlayPath.Name, overlay.Path, null, null, null),
                    new($"{section.Name}[{i}]", ManifestKeys.OverlayKept.Name, VolumeSettingsJson.Name(overlay.Upper), null, null, null),
                }));
            }
        }

        return all;
    }

    /// <summary>Where it comes from, in words.</summary>
    internal string Origin => Place is not { } place ? "default"
        : $"{(From is null ? "" : $"{From}, ")}{place.InWords}{(place.Variable is null ? "" : $", ${place.Variable}")}";

    private static EffectiveValue Of(ManifestValues values, string section, ManifestKey key, int index)
    {
        Place? place = values.PlaceOf(key, index);
        JsonNode? value = key.Show(values, index);
        string? from = place is null && value is not null && key.DerivedFrom is { } source && values.PlaceOf(source) is not null ? source.FullName : null;
        return new(section, key.Name, value, key.NoneInWords, from is null ? place : values.PlaceOf(key.DerivedFrom!), from);
    }
}
