using System;
using System.Text;
using System.Text.Json;
using InitRuntime.Control.Output;
using InitRuntime.Formats.Json;

namespace InitRuntime.Unit.Control;

/// <summary>Answers of the control program as tests compare them.</summary>
internal static class Pages
{
    internal static string Text(Action<TextPage> write)
    {
        var page = new TextPage();
        write(page);
        return page.ToString();
    }

    /// <summary>Members that a reader of JSON sees.</summary>
    internal static JsonElement Json(Action<JsonOutput> write)
    {
        var json = new JsonOutput();
        json.BeginObject();
        write(json);
        json.EndObject();
        return JsonDocument.Parse(Encoding.UTF8.GetString(json.ToBytes())).RootElement;
    }
}
