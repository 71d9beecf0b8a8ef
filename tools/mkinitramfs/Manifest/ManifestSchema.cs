using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>docs/manifest.schema.json, made from the keys: what editors complete and check while a manifest is written.</summary>
/// <remarks>Source: JSON Schema 2020-12. It knows forms of values; what keys ask of each other <c>initruntime check</c> tells.</remarks>
internal static class ManifestSchema
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Write(TextWriter output) => output.Write(Text());

    /// <summary>The whole file.</summary>
    internal static string Text() => new JsonObject
    {
        ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
        ["title"] = "InitRuntime image manifest",
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject([.. Top(), .. ManifestSections.All.Select(section => new KeyValuePair<string, JsonNode?>(section.Name, OfSection(section)))]),
    }.ToJsonString(_options) + "\n";

    /// <summary>What stands beside sections. What is required may come from an extended manifest: nothing is here.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Top()
    {
        JsonObject Text() => new() { ["type"] = "string" };
        yield return new(ManifestLayers.Extends, new JsonObject
        {
            ["description"] = "Manifests below this one: files, relative to it, or profile:NAME. Keys that this one sets win; \"...\" in a list stands for the extended list.",
            ["oneOf"] = new JsonArray(Text(), new JsonObject { ["type"] = "array", ["items"] = Text() }),
        });
        yield return new(ManifestVariables.Section, new JsonObject
        {
            ["description"] = "Texts that ${NAME} stands for; from the environment only what is declared here.",
            ["type"] = "object",
            ["additionalProperties"] = new JsonObject
            {
                ["oneOf"] = new JsonArray(Text(), new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = false,
                    ["required"] = Names(["environment"]),
                    ["properties"] = new JsonObject { ["environment"] = Text(), ["default"] = Text() },
                }),
            },
        });
    }

    private static JsonObject OfSection(ManifestSection section)
    {
        var table = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            // By that it is known to be the one of an extended manifest, from which all other keys may come.
            ["required"] = Names(section.Repeated && section.Keys[0].Required ? [section.Keys[0].Name] : []),
            ["properties"] = new JsonObject(section.Keys.Select(key => new KeyValuePair<string, JsonNode?>(key.Name, OfKey(key)))),
        };
        JsonObject schema = section.Repeated ? new() { ["type"] = "array", ["items"] = table } : table;
        schema["description"] = section.Summary;
        return schema;
    }

    private static JsonObject OfKey(ManifestKey key)
    {
        JsonObject schema = key.Schema();
        schema["description"] = key.Summary;
        if (key.ShowDefault() is { } value)
        {
            schema["default"] = value;
        }

        return schema;
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)name)]);
}
