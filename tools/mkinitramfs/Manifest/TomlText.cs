using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>A value as TOML writes it. TOML's basic strings and JSON's strings escape alike.</summary>
internal static class TomlText
{
    private static readonly JsonSerializerOptions _plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Of(JsonNode value) => value switch
    {
        JsonArray list => $"[{string.Join(", ", list.Select(item => Of(item!)))}]",
        JsonObject { Count: 0 } => "{}",
        JsonObject table => $"{{ {string.Join(", ", table.Select(pair => $"{pair.Key} = {Of(pair.Value!)}"))} }}",
        _ => value.ToJsonString(_plain),
    };
}
