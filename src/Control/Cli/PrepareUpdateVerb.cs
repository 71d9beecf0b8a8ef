using System.CommandLine;
using System.IO;
using InitRuntime.Control.Trial;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl prepare-update</c>.</summary>
internal static class PrepareUpdateVerb
{
    internal static Command Make()
    {
        var verb = new Command(
            "prepare-update", $"Links the partitions that an update may be written to in {UpdateSlot.Directory}, or says why none may be. SWUpdate runs it before each update.");
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            Privilege.Require("prepare an update");
            output.SayLine($"an update goes to {UpdateSlot.Prepare(output.SayLine).Root}");
            return CommandLine.Done;
        });
        return verb;
    }
}
