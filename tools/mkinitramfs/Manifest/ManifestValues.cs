using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What a manifest sets, key by key; what it does not set has its default.</summary>
internal sealed class ManifestValues
{
    private readonly Dictionary<(ManifestKey Key, int Index), (object? Value, bool Good, Place Place, Place ValuePlace)> _set = [];
    private readonly Dictionary<string, Place> _headers = [];
    private readonly Dictionary<string, int> _counts = [];

    /// <summary>How many tables of a repeated section there are; null when the manifest does not speak of it.</summary>
    internal int? CountOf(string section) => _counts.TryGetValue(section, out int count) ? count : null;

    internal void SetCount(string section, int count) => _counts[section] = count;

    internal void Set(ManifestKey key, int index, object? value, bool good, Place place, Place valuePlace) =>
        _set[(key, index)] = (value, good, place, valuePlace);

    internal void SetHeader(string section, Place place) => _headers.TryAdd(section, place);

    /// <summary>Whether the manifest has the section.</summary>
    internal bool HasHeader(string section) => _headers.ContainsKey(section);

    /// <summary>Where a section begins; the first line if it is absent.</summary>
    internal Place HeaderOf(string section) => _headers.GetValueOrDefault(section, new(1, 1));

    /// <summary>Where the manifest sets a key, whether or not the value is good; null when it does not.</summary>
    internal Place? PlaceOf(ManifestKey key, int index = 0) => _set.TryGetValue((key, index), out var entry) ? entry.Place : null;

    /// <summary>Where the value of a key stands that is set.</summary>
    internal Place ValuePlaceOf(ManifestKey key, int index = 0) => _set[(key, index)].ValuePlace;

    /// <summary>Whether the manifest sets a key to a value that could be read.</summary>
    internal bool IsGood(ManifestKey key, int index = 0) => _set.TryGetValue((key, index), out var entry) && entry.Good;

    /// <summary>Whether the key has a value to reckon with: a good one or its default, but not one that was refused.</summary>
    internal bool IsUsable(ManifestKey key, int index = 0) => !_set.TryGetValue((key, index), out var entry) || entry.Good;

    /// <summary>The value of a key: the manifest's, else its default.</summary>
    internal T Get<T>(ManifestKey<T> key, int index = 0) =>
        _set.TryGetValue((key, index), out var entry) && entry.Good ? (T)entry.Value! : key.DefaultIn(this, index);
}
