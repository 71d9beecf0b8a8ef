using System.Collections.Generic;
using System.Linq;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>TOML text to <see cref="ManifestNode"/>s. Knows the grammar, and no key.</summary>
internal sealed class ManifestSyntax
{
    private const int LongestKey = 8;

    private readonly ManifestErrors _errors;
    private readonly string? _file;
    private readonly Queue<(ValueSyntax Syntax, ManifestNode Node)> _unfinished = new();

    private ManifestSyntax(ManifestErrors errors, string? file)
    {
        _errors = errors;
        _file = file;
    }

    /// <summary>The table of the whole file; null, with errors added, when the text is not TOML.</summary>
    /// <param name="text">The file's.</param>
    /// <param name="errors">Gets what is wrong.</param>
    /// <param name="file">For places: an extended manifest; null for the manifest itself.</param>
    internal static ManifestNode? Parse(string text, ManifestErrors errors, string? file = null)
    {
        var syntax = new ManifestSyntax(errors, file);
        try
        {
            DocumentSyntax document = SyntaxParser.Parse(text, sourceName: null, validate: true);
            if (!document.HasErrors)
            {
                return syntax.Read(document);
            }

            syntax.Report(document.Diagnostics);
        }
        catch (TomlException e)
        {
            errors.Add(e.Span is { } span ? new(span.Start.Line + 1, span.Start.Column + 1, file) : new(1, 1, file), null, e.Message);
        }

        return null;
    }

    // What follows the first error of a line is mostly its echo.
    private void Report(DiagnosticsBag diagnostics)
    {
        foreach (DiagnosticMessage first in diagnostics.Where(one => one.Kind == DiagnosticMessageKind.Error)
            .GroupBy(one => one.Span.Start.Line).Select(line => line.First()))
        {
            _errors.Add(PlaceOf(first.Span), null, $"not valid TOML: {OneLine(first.Message)}");
        }
    }

    private static string OneLine(string message) => new([.. message.Select(c => char.IsControl(c) ? ' ' : c)]);

    private Place PlaceOf(SourceSpan span) => new(span.Start.Line + 1, span.Start.Column + 1, _file);

    private ManifestNode? Read(DocumentSyntax document)
    {
        var root = new ManifestNode(NodeKind.Table, new(1, 1, _file));
        AddAll(root, document.KeyValues);
        foreach (TableSyntaxBase table in document.Tables)
        {
            if (Header(root, table) is { } inner)
            {
                AddAll(inner, table.Items);
            }
        }

        // A queue, not recursion: how deep values nest is the file's choice.
        while (_unfinished.TryDequeue(out (ValueSyntax Syntax, ManifestNode Node) next))
        {
            Fill(next.Syntax, next.Node);
        }

        return _errors.Any ? null : root;
    }

    private ManifestNode? Header(ManifestNode root, TableSyntaxBase header)
    {
        List<(string Name, Place Place)> names = NamesOf(header.Name!);
        if (Descend(root, names) is not { } parent)
        {
            return null;
        }

        (string name, Place place) = names[^1];
        ManifestMember? member = parent.Find(name);
        if (header is TableArraySyntax)
        {
            if (member is null)
            {
                member = new(name, place, new(NodeKind.List, place));
                parent.Members.Add(member);
            }

            var item = new ManifestNode(NodeKind.Table, place);
            member.Value.Items.Add(item);
            return item;
        }

        if (member is null)
        {
            member = new(name, place, new(NodeKind.Table, place));
            parent.Members.Add(member);
        }

        return member.Value;
    }

    private void AddAll(ManifestNode table, IEnumerable<KeyValueSyntax> pairs)
    {
        foreach (KeyValueSyntax pair in pairs)
        {
            List<(string Name, Place Place)> names = NamesOf(pair.Key!);
            if (Descend(table, names) is { } parent)
            {
                ManifestNode value = Shallow(pair.Value!);
                parent.Members.Add(new(names[^1].Name, names[^1].Place, value));
                _unfinished.Enqueue((pair.Value!, value));
            }
        }
    }

    /// <summary>The table that the last of the names belongs to; made on the way if need be.</summary>
    private ManifestNode? Descend(ManifestNode table, List<(string Name, Place Place)> names)
    {
        if (names.Count > LongestKey)
        {
            _errors.Add(names[0].Place, null, $"a key of {names.Count} parts", "no key of a manifest has more than 3");
            return null;
        }

        foreach ((string name, Place place) in names[..^1])
        {
            ManifestMember? member = table.Find(name);
            if (member is null)
            {
                member = new(name, place, new(NodeKind.Table, place));
                table.Members.Add(member);
            }

            table = member.Value is { Kind: NodeKind.List, Items: [.., var last] } ? last : member.Value;
        }

        return table;
    }

    private List<(string Name, Place Place)> NamesOf(KeySyntax key)
    {
        List<(string, Place)> names = [NameOf(key.Key!)];
        foreach (DottedKeyItemSyntax item in key.DotKeys)
        {
            names.Add(NameOf(item.Key!));
        }

        return names;
    }

    private (string Name, Place Place) NameOf(BareKeyOrStringValueSyntax key) => key is StringValueSyntax quoted
        ? (quoted.Value ?? "", PlaceOf(quoted.Span))
        : (((BareKeySyntax)key).Key?.Text ?? "", PlaceOf(key.Span));

    private ManifestNode Shallow(ValueSyntax value) => value switch
    {
        StringValueSyntax text => new(NodeKind.Text, PlaceOf(value.Span)) { Text = text.Value ?? "" },
        IntegerValueSyntax number => new(NodeKind.Number, PlaceOf(value.Span)) { Number = number.Value },
        BooleanValueSyntax flag => new(NodeKind.Flag, PlaceOf(value.Span)) { Flag = flag.Value },
        ArraySyntax => new(NodeKind.List, PlaceOf(value.Span)),
        InlineTableSyntax => new(NodeKind.Table, PlaceOf(value.Span)),
        _ => new(NodeKind.Other, PlaceOf(value.Span)),
    };

    private void Fill(ValueSyntax syntax, ManifestNode node)
    {
        if (syntax is ArraySyntax array)
        {
            foreach (ArrayItemSyntax item in array.Items)
            {
                ManifestNode value = Shallow(item.Value!);
                node.Items.Add(value);
                _unfinished.Enqueue((item.Value!, value));
            }
        }
        else if (syntax is InlineTableSyntax table)
        {
            AddAll(node, table.Items.Select(item => item.KeyValue!));
        }
    }
}
