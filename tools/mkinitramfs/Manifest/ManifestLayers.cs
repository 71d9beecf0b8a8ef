using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>
/// A manifest with all that it extends, put together before any key is read. Of two manifests that set a key the extending one wins; tables
/// of a repeated section are the same if their first key (their name, or path) is; <c>"..."</c> in a list stands for the extended list.
/// </summary>
internal sealed class ManifestLayers
{
    /// <summary>The key at the top of a manifest that names what it extends.</summary>
    internal const string Extends = "extends";

    /// <summary>What a list takes over.</summary>
    internal const string Rest = "...";

    /// <summary>The longest manifest that is read, in bytes.</summary>
    private const int LongestFile = 1 << 20;

    private const int DeepestFamily = 8;

    private readonly ManifestErrors _errors;
    private readonly List<string> _open = [];

    private ManifestLayers(ManifestErrors errors) => _errors = errors;

    /// <summary>The whole tree; null, with errors added, when a file cannot be read.</summary>
    internal static ManifestNode? Read(string file, ManifestErrors errors)
    {
        var layers = new ManifestLayers(errors);
        if (ReadText(file, errors) is not { } text || layers.Parse(text, null, Path.GetFullPath(file), Path.GetDirectoryName(file) ?? "") is not { } root)
        {
            return null;
        }

        foreach (ManifestMember member in root.Members.SelectMany(section => TablesOf(section.Value)).SelectMany(table => table.Members))
        {
            foreach (ManifestNode item in member.Value.Items.Where(IsRest))
            {
                errors.Add(item.Place, null, $"\"{Rest}\" stands for the list of an extended manifest, and there is none", "remove it");
            }
        }

        return ManifestVariables.Substitute(root, errors);
    }

    /// <summary>A manifest and below it what it extends.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="shown">What it is called in messages; null for the manifest itself.</param>
    /// <param name="identity">What tells it from others.</param>
    /// <param name="directory">That what it extends is looked for in, as the user would name it.</param>
    private ManifestNode? Parse(string text, string? shown, string identity, string directory)
    {
        if (ManifestSyntax.Parse(text, _errors, shown) is not { } own)
        {
            return null;
        }

        ManifestMember? extends = own.Find(Extends);
        if (extends is null)
        {
            return own;
        }

        own.Members.Remove(extends);
        _open.Add(identity);
        ManifestNode merged = new(NodeKind.Table, own.Place);
        foreach (ManifestNode name in extends.Value.Kind == NodeKind.List ? extends.Value.Items : [extends.Value])
        {
            if (name.Kind != NodeKind.Text || name.Text.Length == 0 || name.Text.Contains('\0'))
            {
                _errors.Add(name.Place, Extends, $"{name.KindInWords}, wanted a manifest", $"name a file, or one of {string.Join(", ", BoardProfiles.Names)}");
            }
            else if (Base(name, directory) is { } below)
            {
                Merge(merged, below);
            }
        }

        _open.RemoveAt(_open.Count - 1);
        Merge(merged, own);
        return merged;
    }

    private ManifestNode? Base(ManifestNode name, string directory)
    {
        bool isProfile = name.Text.StartsWith(BoardProfiles.Prefix, StringComparison.Ordinal);
        string shown = isProfile ? name.Text : Path.Combine(directory, name.Text);
        string identity = isProfile ? name.Text : Path.GetFullPath(shown);
        if (_open.Contains(identity) || _open.Count >= DeepestFamily)
        {
            _errors.Add(name.Place, Extends, _open.Contains(identity) ? $"{shown} extends itself" : $"more than {DeepestFamily} manifests below each other", "take it out");
            return null;
        }

        if (isProfile)
        {
            if (BoardProfiles.Read(name.Text[BoardProfiles.Prefix.Length..]) is { } profile)
            {
                return Parse(profile, shown, identity, directory);
            }

            _errors.Add(name.Place, Extends, $"there is no profile {ManifestErrors.Quote(name.Text)}", $"known: {string.Join(", ", BoardProfiles.Names)}");
            return null;
        }

        var errors = new ManifestErrors(shown);
        string? text = ReadText(shown, errors);
        foreach (ManifestError error in errors.InOrder())
        {
            _errors.Add(name.Place, Extends, $"{shown} {error.What}", error.Hint);
        }

        return text is null ? null : Parse(text, shown, identity, Path.GetDirectoryName(shown) ?? "");
    }

    /// <summary>Puts the second over the first.</summary>
    private static void Merge(ManifestNode below, ManifestNode above)
    {
        foreach (ManifestMember section in above.Members)
        {
            ManifestMember? other = below.Find(section.Name);
            if (other is { Value.Kind: NodeKind.Table } && section.Value.Kind == NodeKind.Table)
            {
                MergeTable(other.Value, section.Value);
            }
            else if (other is { Value.Kind: NodeKind.List } && section.Value.Kind == NodeKind.List)
            {
                foreach (ManifestNode table in section.Value.Items)
                {
                    if (other.Value.Items.Find(one => IdentityOf(section.Name, one) is { } name && name == IdentityOf(section.Name, table)) is { } same)
                    {
                        MergeTable(same, table);
                    }
                    else
                    {
                        other.Value.Items.Add(table);
                    }
                }
            }
            else
            {
                Replace(below, other, section);
            }
        }
    }

    private static void MergeTable(ManifestNode below, ManifestNode above)
    {
        foreach (ManifestMember key in above.Members)
        {
            ManifestMember? other = below.Find(key.Name);
            if (other is { Value.Kind: NodeKind.List } && key.Value.Items.Any(IsRest))
            {
                var list = new ManifestNode(NodeKind.List, key.Value.Place);
                foreach (ManifestNode item in key.Value.Items)
                {
                    list.Items.AddRange(IsRest(item) ? other.Value.Items : [item]);
                }

                Replace(below, other, new(key.Name, key.Place, list));
            }
            else
            {
                Replace(below, other, key);
            }
        }
    }

    private static void Replace(ManifestNode table, ManifestMember? old, ManifestMember member)
    {
        if (old is not null)
        {
            table.Members.Remove(old);
        }

        table.Members.Add(member);
    }

    /// <summary>By what a table of a repeated section is known: its first required key.</summary>
    private static string? IdentityOf(string section, ManifestNode table) =>
        ManifestSections.Find(section)?.Keys[0].Name is { } key && table.Find(key) is { Value.Kind: NodeKind.Text } name ? name.Value.Text : null;

    private static bool IsRest(ManifestNode item) => item is { Kind: NodeKind.Text, Text: Rest };

    private static IEnumerable<ManifestNode> TablesOf(ManifestNode section) => section.Kind switch
    {
        NodeKind.Table => [section],
        NodeKind.List => section.Items.Where(item => item.Kind == NodeKind.Table),
        _ => [],
    };

    private static string? ReadText(string file, ManifestErrors errors)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            byte[] bytes = new byte[LongestFile + 1];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= LongestFile)
            {
                return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            }

            errors.Add(default, null, $"longer than {LongestFile} bytes", "is it a manifest?");
        }
        catch (DecoderFallbackException e)
        {
            errors.Add(default, null, $"not UTF-8 at byte {e.Index}", "save the file as UTF-8");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            errors.Add(default, null, "does not exist", "initruntime new makes one to begin with");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add(default, null, $"cannot be read: {e.Message}", Directory.Exists(file) ? "name the manifest, not its directory" : null);
        }

        return null;
    }
}
