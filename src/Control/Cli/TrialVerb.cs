using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using InitRuntime.Control.Trial;
using InitRuntime.Linux;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl trial</c>.</summary>
internal static class TrialVerb
{
    private const int MostSeconds = 24 * 60 * 60;

    internal static Command Make()
    {
        var within = new Option<int>("--within") { Description = $"How long it has, in seconds, from 1 to {MostSeconds}.", HelpName = "SECONDS", Required = true };
        var verb = new Command("trial", "Watches over an image on trial: rejects it if it is not confirmed in time, or if what it wrote is lost. initruntime-trial.service does that.") { within };
        verb.SetAction(parsed =>
        {
            int seconds = parsed.GetValue(within);
            if (seconds is < 1 or > MostSeconds)
            {
                throw ControlException.Misuse($"--within {seconds}: from 1 to {MostSeconds}");
            }

            Privilege.Require("watch over an image on trial");
            Watch(parsed.InvocationConfiguration.Output, TimeSpan.FromSeconds(seconds));
            return CommandLine.Done;
        });
        return verb;
    }

    private static void Watch(TextWriter output, TimeSpan within)
    {
        RunningImage image = RunningImage.Read([]);
        if (!image.IsOnTrial)
        {
            return;
        }

        if (TrialVolumes.WaitForLoss(image.Boot.Volumes, Deadline.After(within)) is { } lost)
        {
            Rejection.Make("volumes", lost.Message, output.SayLine);
        }
        else if (RunningImage.Read([]).IsOnTrial)
        {
            Rejection.Make("health", string.Create(CultureInfo.InvariantCulture, $"it was not confirmed within {within.TotalSeconds} s"), output.SayLine);
        }
    }
}
