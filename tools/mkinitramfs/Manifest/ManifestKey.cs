using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>One table of the manifest: <c>[name]</c>, or <c>[[name]]</c> when it can stand several times.</summary>
internal sealed record ManifestSection(string Name, string Summary, bool Repeated, IReadOnlyList<ManifestKey> Keys)
{
    /// <summary>The name as a header of the manifest.</summary>
    internal string Header => Repeated ? $"[[{Name}]]" : $"[{Name}]";
}

/// <summary>One key of the manifest: all that its reader, its messages, <c>explain</c> and the manual know about it.</summary>
internal abstract class ManifestKey(string section, string name)
{
    internal string Section { get; } = section;

    internal string Name { get; } = name;

    internal string FullName => $"{Section}.{Name}";

    /// <summary>For the manual: what it decides.</summary>
    internal required string Summary { get; init; }

    /// <summary>Whether a manifest (or each <c>[[..]]</c>) must set it.</summary>
    internal bool Required { get; init; }

    /// <summary>What the default is, when a value alone does not tell.</summary>
    internal string? DefaultInWords { get; init; }

    /// <summary>What it means when the value is none or empty, if that says more than "none".</summary>
    internal string? NoneInWords { get; init; }

    /// <summary>A key that makes this one's default when it is set.</summary>
    internal ManifestKey? DerivedFrom { get; init; }

    /// <summary>The kind of its value in words.</summary>
    internal abstract string FormInWords { get; }

    /// <summary>What editors know of its value.</summary>
    internal abstract JsonObject Schema();

    /// <summary>Reads a value into <paramref name="values"/>, or adds errors.</summary>
    internal abstract void Read(ManifestNode node, FormContext context, ManifestValues values, int index, Place place);

    /// <summary>The effective value, as the manifest would have it; null for none.</summary>
    internal abstract JsonNode? Show(ManifestValues values, int index);

    /// <summary>The default as the manifest would have it; null when it is none or depends on other keys.</summary>
    internal abstract JsonNode? ShowDefault();
}

/// <inheritdoc/>
internal sealed class ManifestKey<T>(string section, string name, Form<T> form) : ManifestKey(section, name)
{
    private T? _fixedDefault;

    /// <summary>The default, when it is one value.</summary>
    internal T Default
    {
        init
        {
            _fixedDefault = value;
            HasFixedDefault = true;
        }
    }

    /// <summary>The default, when it follows from other keys.</summary>
    internal Func<ManifestValues, T>? DefaultOf { get; init; }

    /// <summary>The default, when it follows from other keys and from which table of a repeated section it stands in.</summary>
    internal Func<ManifestValues, int, T>? DefaultAt { get; init; }

    internal bool HasFixedDefault { get; private init; }

    internal override string FormInWords => form.InWords;

    internal override JsonObject Schema() => form.Schema();

    /// <summary>What holds when the manifest does not set it.</summary>
    internal T DefaultIn(ManifestValues values, int index = 0) =>
        DefaultAt is not null ? DefaultAt(values, index) : DefaultOf is not null ? DefaultOf(values) : _fixedDefault!;

    internal override void Read(ManifestNode node, FormContext context, ManifestValues values, int index, Place place)
    {
        bool read = form.Read(node, context, out T value);
        values.Set(this, index, read ? value : default, read, place, node.Place);
    }

    internal override JsonNode? Show(ManifestValues values, int index) =>
        values.Get(this, index) is { } value ? form.Show(value) : null;

    internal override JsonNode? ShowDefault() => HasFixedDefault && _fixedDefault is { } value ? form.Show(value) : null;
}
