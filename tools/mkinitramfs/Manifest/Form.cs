using System;
using System.IO;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Where a value stands that is being read: its key, the manifest's directory, and where errors go.</summary>
internal sealed record FormContext(string Key, string Directory, ManifestErrors Errors)
{
    /// <summary>The directory that a value's paths are relative to: that of the manifest that has it.</summary>
    internal string DirectoryOf(ManifestNode node) =>
        node.Place.File is null || BoardProfiles.IsProfile(node.Place.File) ? Directory : Path.GetDirectoryName(Path.GetFullPath(node.Place.File))!;

    /// <summary>Adds an error at the value, and says "not read".</summary>
    internal bool Refuse(ManifestNode node, string what, string? hint = null)
    {
        Errors.Add(node.Place, Key, what, hint);
        return false;
    }

    /// <summary>Whether the value is of that kind; if not, an error says so.</summary>
    internal bool Wants(ManifestNode node, NodeKind kind, string formInWords) =>
        node.Kind == kind || Refuse(node, $"{node.KindInWords}, wanted {formInWords}");
}

/// <summary>What values of one kind look like in a manifest, how one is read, and how it is shown again.</summary>
/// <param name="InWords">For the manual and for messages, for example <c>a size such as "64M"</c>.</param>
/// <param name="Read">Reads one value, or adds errors at it.</param>
/// <param name="Show">The value as the manifest would have it; null for none.</param>
internal sealed record Form<T>(string InWords, Form<T>.Reader Read, Func<T, JsonNode?> Show)
{
    /// <summary>What editors know of it: JSON Schema 2020-12. A text, unless it says otherwise.</summary>
    internal Func<JsonObject> Schema { get; init; } = () => new JsonObject { ["type"] = "string" };

    /// <summary>Reads one value.</summary>
    internal delegate bool Reader(ManifestNode node, FormContext context, out T value);

    /// <summary>The same form for a value that may be absent.</summary>
    internal Form<TOptional> OrNone<TOptional>(Func<T, TOptional> wrap, Func<TOptional, T> unwrap) => new(
        InWords,
        (ManifestNode node, FormContext context, out TOptional value) =>
        {
            bool read = Read(node, context, out T inner);
            value = read ? wrap(inner) : default!;
            return read;
        },
        optional => optional is null ? null : Show(unwrap(optional)))
    {
        Schema = Schema,
    };
}
