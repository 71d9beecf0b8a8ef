using System;
using System.CommandLine;
using System.IO;
using System.Text;
using InitRuntime.Control.Output;
using InitRuntime.Formats.Json;

namespace InitRuntime.Control.Cli;

/// <summary>What a command answers: a page for people, or a line of JSON for programs.</summary>
internal static class Answer
{
    /// <summary>The version of the JSON's form. It grows when a member goes or means something else, not when one is added.</summary>
    internal const int FormatVersion = 1;

    /// <summary>The option that asks for JSON.</summary>
    internal static Option<bool> JsonOption() => new("--json") { Description = "Answer with one line of JSON; docs/device.md tells its members." };

    /// <summary>Writes the one or the other.</summary>
    internal static int Give(ParseResult parsed, Option<bool> asJson, Action<TextPage> page, Action<JsonOutput> members)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(asJson))
        {
            var json = new JsonOutput();
            json.BeginObject();
            json.Number("format_version", FormatVersion);
            members(json);
            json.EndObject();
            output.Write($"{Encoding.UTF8.GetString(json.ToBytes())}\n");
        }
        else
        {
            var text = new TextPage();
            page(text);
            output.Write(text.ToString());
        }

        return CommandLine.Done;
    }
}
