using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace InitRuntime.Qemu.Harness;

/// <summary>What a running guest said about its boot, on its own port.</summary>
internal sealed class GuestReport(JsonNode document)
{
    private readonly JsonNode _document = document;

    internal GuestReport(string json)
        : this(JsonNode.Parse(json)!)
    {
    }

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

    /// <summary>Version of the running image, by a file of its root.</summary>
    internal string Version => Text("version");

    /// <summary>Whether the guest waits for commands.</summary>
    internal bool TakesCommands => _document["commands"]?.GetValue<bool>() ?? false;

    /// <summary>Whether the loader started this image on trial, as /init understood it.</summary>
    internal bool? OnTrial => _document["boot"]?["on_trial"]?.GetValue<bool>();

    /// <summary>Who wrote there, in order: <c>1.0 one</c> ... A volume's list is in its directories data and log, and there is one in /etc.</summary>
    internal IReadOnlyList<string> Writers(string directory) => Lines(_document["writers"]![directory]);

    /// <summary>The files of a volume that were written by one <c>write</c> and are as they were.</summary>
    internal int Files(string volume, string name) => _document["files"]![volume]![name]?.GetValue<int>() ?? 0;

    /// <summary>Files whose content is not what was written: there must never be one.</summary>
    internal IReadOnlyList<string> BadFiles => Lines(_document["bad"]);

    /// <summary>What /init said to the kernel's log.</summary>
    internal IReadOnlyList<string> Log => Lines(_document["log"]);

    public override string ToString() => _document.ToJsonString();

    private static IReadOnlyList<string> Lines(JsonNode? lines) => [.. (lines?.AsArray() ?? []).Select(line => line!.GetValue<string>())];

    private JsonArray AllStages => _document["boot"]!["stages"]!.AsArray();

    private static string NameOf(JsonNode? stage) => stage!["name"]!.GetValue<string>();

    private string Text(string member) => _document[member]!.GetValue<string>();
}
