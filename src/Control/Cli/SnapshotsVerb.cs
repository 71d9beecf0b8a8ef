using System.Collections.Generic;
using System.CommandLine;
using InitRuntime.Control.Snapshots;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl snapshots</c>.</summary>
internal static class SnapshotsVerb
{
    internal static Command Make()
    {
        Option<bool> json = Answer.JsonOption();
        var volume = new Argument<string?>("VOLUME") { Description = "This volume alone.", Arity = ArgumentArity.ZeroOrOne };
        var verb = new Command("snapshots", "Tells whose data the volumes hold, and how much room they take. Only root can see that.") { volume, json };
        verb.SetAction(parsed =>
        {
            Privilege.Require("look into the volumes");
            IReadOnlyList<VolumeData> volumes = VolumeSurvey.Read(parsed.GetValue(volume));
            return Answer.Give(parsed, json, page => VolumeDataText.Write(page, volumes), output => VolumeDataJson.Write(output, volumes));
        });
        return verb;
    }
}
