using System.CommandLine;
using InitRuntime.Control.Trial;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl reject</c>.</summary>
internal static class RejectVerb
{
    private const string DefaultStage = "health";
    private const string NoReason = "the system did not come up: boot-complete.target was not reached";

    internal static Command Make()
    {
        var reason = new Option<string?>("--reason") { Description = "Why, for whoever asks the image that is returned to.", HelpName = "TEXT" };
        var stage = new Option<string>("--stage") { Description = "What failed, in one word.", HelpName = "NAME", DefaultValueFactory = _ => DefaultStage };
        var verb = new Command("reject", "Gives the image that runs up, if it is on trial: keeps the reason and restarts, and the loader returns to the other slot.") { reason, stage };
        verb.SetAction(parsed =>
        {
            Privilege.Require("reject an image");
            Rejection.Make(parsed.GetValue(stage)!, parsed.GetValue(reason) ?? Rejection.FailedUnit() ?? NoReason, parsed.InvocationConfiguration.Output.SayLine);
            return CommandLine.Done;
        });
        return verb;
    }
}
