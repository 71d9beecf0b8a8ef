using System.CommandLine;
using System.IO;
using InitRuntime.Control.Trial;
using InitRuntime.Formats.BootGuard;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl prepare-update</c>.</summary>
internal static class PrepareUpdateVerb
{
    internal static Command Make()
    {
        var retire = new Option<bool>("--retire") { Description = "The update begins now: systemd-boot must not start any more what is in the slot that it goes to." };
        var verb = new Command(
            "prepare-update", $"Links the partitions that an update may be written to in {BootSlots.UpdateLinks}, or says why none may be. SWUpdate runs it before each update.")
        {
            retire,
        };
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            Privilege.Require("prepare an update");
            output.SayLine($"an update goes to {UpdateSlot.Prepare(output.SayLine, parsed.GetValue(retire)).Root}");
            return CommandLine.Done;
        });
        return verb;
    }
}
