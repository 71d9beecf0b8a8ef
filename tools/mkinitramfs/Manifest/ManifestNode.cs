using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>A place in the manifest, both counted from 1; the default value is "no place".</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="File">The extended manifest that it is in, as the user would name it; null for the manifest itself.</param>
/// <param name="Variable">The variable of the environment that the value comes from, or null.</param>
internal readonly record struct Place(int Line, int Column, string? File = null, string? Variable = null)
{
    /// <summary><c>line 4</c>, or <c>line 4 of base.toml</c>.</summary>
    internal string InWords => File is null ? $"line {Line}" : $"line {Line} of {File}";
}

/// <summary>What a value of the manifest is, before anyone asks what it should be.</summary>
internal enum NodeKind
{
    Text,
    Number,
    Flag,
    List,
    Table,

    /// <summary>A fraction or a date: no key of a manifest wants one.</summary>
    Other,
}

/// <summary>One value as the manifest has it, with its place.</summary>
internal sealed class ManifestNode(NodeKind kind, Place place)
{
    internal NodeKind Kind { get; } = kind;

    internal Place Place { get; } = place;

    /// <summary>The text of <see cref="NodeKind.Text"/>, unescaped.</summary>
    internal string Text { get; init; } = "";

    internal long Number { get; init; }

    internal bool Flag { get; init; }

    /// <summary>The items of <see cref="NodeKind.List"/>.</summary>
    internal List<ManifestNode> Items { get; } = [];

    /// <summary>The members of <see cref="NodeKind.Table"/>, in the order of the manifest.</summary>
    internal List<ManifestMember> Members { get; } = [];

    /// <summary>The member of that name, or null.</summary>
    internal ManifestMember? Find(string name) => Members.Find(member => member.Name == name);

    /// <summary>The kind in words, for messages.</summary>
    internal string KindInWords => Kind switch
    {
        NodeKind.Text => "a text",
        NodeKind.Number => "a number",
        NodeKind.Flag => "true or false",
        NodeKind.List => "a list",
        NodeKind.Table => "a table",
        _ => "a fraction or a date",
    };
}

/// <summary>One <c>name = value</c> of a table.</summary>
/// <param name="Name">The key, unescaped.</param>
/// <param name="Place">Where the key stands.</param>
/// <param name="Value">What it is set to.</param>
internal sealed record ManifestMember(string Name, Place Place, ManifestNode Value);
