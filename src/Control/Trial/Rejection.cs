using System;
using System.Collections.Generic;
using InitRuntime.Control.Reset;
using InitRuntime.Formats.BootReport;
using InitRuntime.Storage.Failures;

namespace InitRuntime.Control.Trial;

/// <summary>Gives an image on trial up: keeps the reason for whoever asks after the roll-back, and restarts.</summary>
internal static class Rejection
{
    /// <param name="stage">Where it failed.</param>
    /// <param name="reason">Why.</param>
    /// <param name="say">Takes a line about what was done.</param>
    /// <returns>False: the image is not on trial, and nothing was done.</returns>
    /// <exception cref="ControlException">The machine cannot be restarted.</exception>
    internal static bool Make(string stage, string reason, Action<string> say)
    {
        RunningImage image = RunningImage.Read(new List<string>());
        if (!image.IsOnTrial)
        {
            say($"image {image.Boot.ImageUuid} is not on trial: nothing is done about \"{reason}\"");
            return false;
        }

        FailureStore.TryWrite(
            new FailureRecord
            {
                ImageUuid = image.Boot.ImageUuid,
                ImageVersion = image.Boot.ImageVersion,
                Slot = image.Slot.Root,
                Stage = stage,
                Reason = reason,
                Consecutive = (FailureStore.TryRead()?.Consecutive ?? 0) + 1,
            },
            say);
        say($"image {image.Boot.ImageUuid} is given up: {stage}: {reason}; restarting, and the loader returns to the other slot");
        Restart.Now();
        return true;
    }

    /// <summary>Which unit failed, by what systemd tells the one that it starts for that; null where it does not. Source: systemd.exec(5), MONITOR_UNIT.</summary>
    internal static string? FailedUnit() => Environment.GetEnvironmentVariable("MONITOR_UNIT") is { Length: > 0 } unit
        ? $"{unit} failed: {Environment.GetEnvironmentVariable("MONITOR_SERVICE_RESULT")} {Environment.GetEnvironmentVariable("MONITOR_EXIT_STATUS")}".TrimEnd()
        : null;
}
