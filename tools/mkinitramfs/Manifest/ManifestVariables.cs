using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>
/// <c>[variables]</c>: names that stand for texts, <c>${NAME}</c> in any text of a manifest. Only what is declared there comes out of the
/// environment; <c>$${</c> is a plain <c>${</c>.
/// </summary>
internal sealed class ManifestVariables
{
    /// <summary>The section that declares them.</summary>
    internal const string Section = "variables";

    private const string EnvironmentKey = "environment";
    private const string DefaultKey = "default";

    private readonly ManifestErrors _errors;
    private readonly Dictionary<string, (ManifestMember Declared, string? Text, string? Origin)> _variables = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reported = [];

    private ManifestVariables(ManifestErrors errors) => _errors = errors;

    /// <summary>The tree without that section, every name in it replaced; null, with errors added, when one has no text.</summary>
    internal static ManifestNode? Substitute(ManifestNode root, ManifestErrors errors)
    {
        var variables = new ManifestVariables(errors);
        if (root.Find(Section) is { } section)
        {
            root.Members.Remove(section);
            variables.Declare(section);
        }

        ManifestNode replaced = variables.Replace(root, out _);
        return errors.Any ? null : replaced;
    }

    private void Declare(ManifestMember section)
    {
        if (section.Value.Kind != NodeKind.Table)
        {
            _errors.Add(section.Place, Section, $"{section.Value.KindInWords}, wanted a section", $"begin it with [{Section}]");
            return;
        }

        foreach (ManifestMember member in section.Value.Members)
        {
            string key = $"{Section}.{ManifestErrors.Word(member.Name)}";
            ManifestNode? environment = member.Value.Find(EnvironmentKey)?.Value, fallback = member.Value.Find(DefaultKey)?.Value;
            if (!IsName(member.Name))
            {
                _errors.Add(member.Place, key, "is not a name", "letters, digits and _, the first a letter");
            }
            else if (member.Value.Kind == NodeKind.Text)
            {
                _variables[member.Name] = (member, member.Value.Text, null);
            }
            else if (environment is { Kind: NodeKind.Text } && IsName(environment.Text) && fallback is null or { Kind: NodeKind.Text }
                && member.Value.Members.All(part => part.Name is EnvironmentKey or DefaultKey))
            {
                string? given = Environment.GetEnvironmentVariable(environment.Text);
                _variables[member.Name] = (member, given ?? fallback?.Text, given is null ? null : environment.Text);
            }
            else
            {
                _errors.Add(member.Value.Place, key, "is not a variable", "a text, or { environment = \"NAME\", default = \"TEXT\" }, the default if there is one");
            }
        }
    }

    /// <param name="node">What is replaced, with all below it.</param>
    /// <param name="origin">The variable of the environment that it comes from, if any.</param>
    private ManifestNode Replace(ManifestNode node, out string? origin)
    {
        origin = null;
        if (node.Kind == NodeKind.Text)
        {
            string text = Replace(node, node.Text, out origin);
            return origin is null && text == node.Text ? node : new(NodeKind.Text, node.Place with { Variable = origin }) { Text = text };
        }

        for (int i = 0; i < node.Items.Count; i++)
        {
            node.Items[i] = Replace(node.Items[i], out string? inner);
            origin ??= inner;
        }

        for (int i = 0; i < node.Members.Count; i++)
        {
            ManifestMember member = node.Members[i];
            ManifestNode value = Replace(member.Value, out string? inner);
            node.Members[i] = member with { Value = value, Place = member.Place with { Variable = inner } };
        }

        return node;
    }

    private string Replace(ManifestNode node, string text, out string? origin)
    {
        origin = null;
        if (!text.Contains("${", StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder();
        for (int at = 0; at < text.Length;)
        {
            if (text.AsSpan(at).StartsWith("$${"))
            {
                result.Append("${");
                at += 3;
                continue;
            }

            int end = text.AsSpan(at).StartsWith("${") ? text.IndexOf('}', at) : -1;
            if (end < 0)
            {
                result.Append(text[at++]);
                continue;
            }

            result.Append(Value(node, text[(at + 2)..end], ref origin));
            at = end + 1;
        }

        return result.ToString();
    }

    private string Value(ManifestNode node, string name, ref string? origin)
    {
        if (!_variables.TryGetValue(name, out (ManifestMember Declared, string? Text, string? Origin) variable))
        {
            _errors.Add(node.Place, null, $"there is no variable {ManifestErrors.Quote(name)}",
                Nearest.Of(name, _variables.Keys) is { } near ? $"did you mean {near}?" : $"declare it: [{Section}] {name} = .., or write $${{ for a plain ${{");
            return "";
        }

        if (variable.Text is null && _reported.Add(name))
        {
            string wanted = variable.Declared.Value.Find(EnvironmentKey)!.Value.Text;
            _errors.Add(variable.Declared.Place, $"{Section}.{name}", $"the environment has no {wanted}", $"set {wanted}, or add a default");
        }

        origin ??= variable.Origin;
        return variable.Text ?? "";
    }

    private static bool IsName(string name) =>
        name.Length is >= 1 and <= 64 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
