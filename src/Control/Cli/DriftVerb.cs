using System.CommandLine;
using InitRuntime.Control.Drift;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl drift</c>.</summary>
internal static class DriftVerb
{
    internal static Command Make()
    {
        Option<bool> json = Answer.JsonOption();
        var verb = new Command("drift", "Lists what of this image is hidden by older files of the overlays.") { json };
        verb.SetAction(parsed =>
        {
            HiddenFiles files = HiddenFiles.Read();
            return Answer.Give(parsed, json, files.Write, files.Write);
        });
        return verb;
    }
}
