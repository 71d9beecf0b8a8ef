using System.CommandLine;
using System.IO;
using InitRuntime.Control.Trial;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl confirm</c>.</summary>
internal static class ConfirmVerb
{
    internal static Command Make()
    {
        var readRoot = new Option<bool>("--read-root") { Description = "Read the whole root first, so that a block that was written badly is found while there is a way back." };
        var verb = new Command(
            "confirm", "Ends the trial of the image that runs: the loader starts it from now on. Then the other slot may be updated. initruntime-confirm.service does that at each boot.")
        {
            readRoot,
        };
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            Privilege.Require("confirm an image");
            Confirmation.Make(parsed.GetValue(readRoot), output.SayLine);
            try
            {
                output.SayLine($"an update goes to {UpdateSlot.Prepare(output.SayLine).Root}");
            }
            catch (ControlException e)
            {
                output.SayLine(e.Message);
            }

            return CommandLine.Done;
        });
        return verb;
    }
}
