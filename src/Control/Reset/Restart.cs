using InitRuntime.Linux;

namespace InitRuntime.Control.Reset;

/// <summary>Restarts the machine, with all that runs ended in order where there is somebody who does that.</summary>
internal static class Restart
{
    /// <summary>systemd makes it when it runs as PID 1. Source: sd_booted(3).</summary>
    private const string SystemdRuns = "/run/systemd/system";
    private const string SystemControl = "/usr/bin/systemctl";

    /// <exception cref="ControlException">systemd refuses.</exception>
    internal static void Now()
    {
        if (!KernelFile.Exists(SystemdRuns) || !KernelFile.Exists(SystemControl))
        {
            Power.Sync();
            Power.Reboot();
            return;
        }

        ChildResult result = ChildProcess.Run(new ChildCommand(SystemControl, ["reboot"]), [], deadline: null);
        if (!result.Succeeded)
        {
            throw new ControlException(
                $"systemctl reboot failed: {(result.LastLines.Count > 0 ? result.LastLines[^1] : $"exit code {result.ExitCode}")}",
                "the request is kept: reboot by other means");
        }
    }
}
