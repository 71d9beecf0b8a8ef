using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace InitRuntime.Qemu.Harness;

/// <summary>What a running guest said about its boot, on its own port.</summary>
internal sealed class GuestReport(string json)
{
    private readonly JsonNode _document = JsonNode.Parse(json)!;

    /// <summary>systemd's word: running, degraded ...</summary>
    internal string System => Text("system");

    /// <summary>Failed units.</summary>
    internal IReadOnlyList<string> Failed => [.. _document["failed"]!.AsArray().Select(unit => unit!.GetValue<string>())];

    /// <summary>What is mounted as the root: source, file system, options.</summary>
    internal string Root => Text("root");

    /// <summary>The kernel's.</summary>
    internal string CommandLine => Text("command_line");

    /// <summary>A text of /init's own report: <c>slot</c>, <c>system_disk</c> ...</summary>
    internal string? Boot(string member) => _document["boot"]?[member]?.GetValue<string>();

    /// <summary>The stages of /init, in order.</summary>
    internal IReadOnlyList<string> Stages => [.. AllStages.Select(NameOf)];

    /// <summary>The stages that failed and were gone over.</summary>
    internal IReadOnlyList<string> FailedStages => [.. AllStages.Where(stage => stage!["failed"] is not null).Select(NameOf)];

    /// <summary>The failed boot before this one, or null.</summary>
    internal JsonNode? LastFailure => _document["boot"]?["last_failure"];

    /// <summary>A member of the whole document.</summary>
    internal JsonNode? this[string member] => _document[member];

    /// <summary>What /init says of a volume; fails if it has none of that name.</summary>
    internal JsonNode Volume(string name) => _document["boot"]!["volumes"]!.AsArray().Single(volume => volume!["name"]!.GetValue<string>() == name)!;

    public override string ToString() => json;

    private JsonArray AllStages => _document["boot"]!["stages"]!.AsArray();

    private static string NameOf(JsonNode? stage) => stage!["name"]!.GetValue<string>();

    private string Text(string member) => _document[member]!.GetValue<string>();
}
