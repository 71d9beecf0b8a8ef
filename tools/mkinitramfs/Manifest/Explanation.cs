using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>The output of <c>initruntime explain</c>.</summary>
internal static class Explanation
{
    private const int ValueWidth = 60;

    private static readonly JsonSerializerOptions _readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Three columns for each section: key, value, origin. A long list goes on in further lines.</summary>
    internal static void WriteText(ManifestReading reading, TextWriter output)
    {
        IReadOnlyList<EffectiveValue> all = EffectiveValue.All(reading);
        List<(EffectiveValue One, List<string> Lines)> shown = [.. all.Select(one => (one, LinesOf(one)))];
        int keyWidth = all.Max(one => one.Key.Length);
        int valueWidth = shown.SelectMany(row => row.Lines).Where(line => line.Length <= ValueWidth).Max(line => line.Length);
        string? section = null;
        foreach ((EffectiveValue one, List<string> lines) in shown)
        {
            if (one.Section != section)
            {
                string header = one.Section.Split('[') is [var repeated, _] ? $"[[{repeated}]]" : $"[{one.Section}]";
                output.WriteLine(section is null ? header : $"\n{header}");
                section = one.Section;
            }

            output.WriteLine($"  {one.Key.PadRight(keyWidth)}  {lines[0].PadRight(valueWidth)}  {one.Origin}");
            foreach (string line in lines.Skip(1))
            {
                output.WriteLine($"  {new string(' ', keyWidth)}  {line}");
            }
        }
    }

    /// <summary>The same as JSON: a list of <c>section</c>, <c>key</c>, <c>value</c>, <c>origin</c> and, unless default, <c>line</c>; <c>file</c> of an extended manifest, <c>environment</c> for a variable of it.</summary>
    internal static void WriteJson(ManifestReading reading, TextWriter output)
    {
        var list = new JsonArray();
        foreach (EffectiveValue one in EffectiveValue.All(reading))
        {
            var entry = new JsonObject
            {
                ["section"] = one.Section,
                ["key"] = one.Key,
                ["value"] = one.Value,
                ["origin"] = one.Place is null ? "default" : one.From ?? "manifest",
            };
            if (one.Place is { } place)
            {
                entry["line"] = place.Line;
                if (place.File is not null)
                {
                    entry["file"] = place.File;
                }

                if (place.Variable is not null)
                {
                    entry["environment"] = place.Variable;
                }
            }

            list.Add((JsonNode)entry);
        }

        output.WriteLine(list.ToJsonString(_readable));
    }

    private static List<string> LinesOf(EffectiveValue one) => one.Value switch
    {
        null => [one.None is null ? "-" : $"({one.None})"],
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => [one.None is null ? "-" : $"({one.None})"],
        JsonArray list => Fold(list.Select(item => TomlText.Of(item!))),
        JsonObject table => Fold(table.Select(pair => $"{pair.Key} = {TomlText.Of(pair.Value!)}")),
        _ => [TomlText.Of(one.Value)],
    };

    private static List<string> Fold(IEnumerable<string> items)
    {
        List<string> lines = [];
        foreach (string item in items)
        {
            if (lines.Count > 0 && lines[^1].Length + item.Length + 2 <= ValueWidth)
            {
                lines[^1] += $", {item}";
            }
            else
            {
                lines.Add(item);
            }
        }

        return lines;
    }
}
