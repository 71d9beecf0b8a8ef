using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>One thing that is wrong with a manifest.</summary>
/// <param name="File">The manifest, as the user named it.</param>
/// <param name="Place">Where in it; no place when the file as a whole is meant.</param>
/// <param name="Key">The key with its section, or null.</param>
/// <param name="What">What is wrong, one clause.</param>
/// <param name="Hint">What to write instead, if anything is known.</param>
internal sealed record ManifestError(string File, Place Place, string? Key, string What, string? Hint)
{
    /// <summary><c>file:line:column: key: what</c>, and a second line <c>hint: ..</c> if there is one.</summary>
    public override string ToString()
    {
        string place = Place == default ? File : $"{Place.File ?? File}:{Place.Line}:{Place.Column}";
        string key = Key is null ? "" : $"{Key}: ";
        string hint = Hint is null ? "" : $"\nhint: {Hint}";
        return $"{place}: {key}{What}{hint}";
    }
}

/// <summary>Gathers every error of one manifest.</summary>
internal sealed class ManifestErrors(string file)
{
    private const int LongestQuote = 80;

    private readonly List<ManifestError> _errors = [];

    internal bool Any => _errors.Count > 0;

    /// <summary>All of them, in the order of the file; then those of extended manifests.</summary>
    internal IReadOnlyList<ManifestError> InOrder() =>
        [.. _errors.OrderBy(error => error.Place.File ?? "", System.StringComparer.Ordinal).ThenBy(error => error.Place.Line).ThenBy(error => error.Place.Column)];

    internal void Add(Place place, string? key, string what, string? hint = null) => _errors.Add(new(file, place, key, what, hint));

    /// <summary>A key of the manifest as it may stand in a message: quoted when it is not a plain word.</summary>
    internal static string Word(string key) =>
        key.Length is > 0 and <= LongestQuote && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? key : Quote(key);

    /// <summary>Text of the manifest as it may stand in a message: quoted, cut, without control characters.</summary>
    internal static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text.Length > LongestQuote ? text[..LongestQuote] : text)
        {
            quoted.Append(char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c is '"' or '\\' ? $"\\{c}" : $"{c}");
        }

        return quoted.Append(text.Length > LongestQuote ? "\"..." : "\"").ToString();
    }
}
