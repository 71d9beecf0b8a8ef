using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// The units of systemd that try, confirm or reject a new image. What wants them says so in drop-ins: nothing has to be enabled, and no
/// layer above /etc can disable them.
/// </summary>
/// <remarks>Sources: systemd.special(7), boot-complete.target; systemd-boot-check-no-failures.service(8).</remarks>
internal static class TrialUnits
{
    private const string Directory = "usr/lib/systemd/system";
    private const string DropIn = "50-initruntime.conf";
    private const string Confirm = "initruntime-confirm.service";
    private const string Reject = "initruntime-reject.service";
    private const string RejectFor = "initruntime-reject@.service";
    private const string Trial = "initruntime-trial.service";
    private const string NoFailures = "systemd-boot-check-no-failures.service";
    private const string OnTrial = "ConditionPathExists=/run/initruntime/on-trial";

    private static string Program => DeviceProgram.Control.Place;

    /// <summary>Whether a root has systemd; what has not confirms its images by itself.</summary>
    internal static bool Fit(TarArchive root) => root.FindFile("usr/lib/systemd/systemd") is not null;

    /// <summary>The units and what wants them.</summary>
    internal static IEnumerable<AddedFile> Make(ImageManifest manifest)
    {
        string[] checks = [.. manifest.HealthChecks.Select(check => $"initruntime-check-{check.Name}.service")];
        string[] required = manifest.Confirm.NoFailedUnits ? [.. checks, NoFailures] : checks;
        yield return Unit(Confirm, $"""
            [Unit]
            Description=Confirm this image once the system is up
            Requires=boot-complete.target
            After=multi-user.target boot-complete.target
            ConditionPathExists=/run/initruntime/boot.json
            OnFailure={Reject}

            [Service]
            Type=oneshot
            RemainAfterExit=yes
            ExecStart={Program} confirm{(manifest.Confirm.ReadRoot ? " --read-root" : "")}
            """);
        yield return Unit(Reject, $"""
            [Unit]
            Description=Reject this image if it is on trial
            After={string.Join(' ', required.Prepend("basic.target").Select((unit, i) => i == 0 ? unit : InstanceFor(unit)))}

            [Service]
            Type=oneshot
            ExecStart={Program} reject --reason "the system did not come up: {Confirm} failed, or what it waits for"
            """);
        yield return Unit(RejectFor, $"""
            [Unit]
            Description=Reject this image if it is on trial: %i failed

            [Service]
            Type=oneshot
            ExecStart={Program} reject --reason "%i failed"
            """);
        yield return Unit(Trial, string.Create(CultureInfo.InvariantCulture, $"""
            [Unit]
            Description=Watch over an image on trial
            DefaultDependencies=no
            Conflicts=shutdown.target
            Before=shutdown.target
            {OnTrial}

            [Service]
            Type=exec
            ExecStart={Program} trial --within {manifest.Confirm.WithinSeconds}
            """));
        foreach ((HealthCheck check, string unit) in manifest.HealthChecks.Zip(checks))
        {
            yield return Unit(unit, string.Create(CultureInfo.InvariantCulture, $"""
                [Unit]
                Description=Health check {check.Name} of an image on trial
                After=multi-user.target
                Before=boot-complete.target
                {OnTrial}
                OnFailure={InstanceFor(unit)}

                [Service]
                Type=oneshot
                TimeoutStartSec={check.TimeoutSeconds}
                ExecStart={string.Join(' ', check.Command.Select(Quoted))}
                """));
        }

        yield return Added("multi-user.target", $"Wants={Confirm}");
        yield return Added("sysinit.target", $"Wants={Trial}");
        if (required.Length > 0)
        {
            yield return Added("boot-complete.target", string.Join('\n', required.SelectMany(unit => (string[])[$"Requires={unit}", $"After={unit}"])));
        }

        if (manifest.Confirm.NoFailedUnits)
        {
            yield return Added(NoFailures, $"OnFailure={InstanceFor(NoFailures)}");
        }

        if (manifest.Boot.WatchdogSeconds > 0)
        {
            yield return new($"usr/lib/systemd/system.conf.d/{DropIn}", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"""
                # The boot loader has armed the watchdog; from here on systemd feeds it.
                [Manager]
                RuntimeWatchdogSec={manifest.Boot.WatchdogSeconds}

                """)));
        }
    }

    private static string InstanceFor(string unit) => RejectFor.Replace("@", $"@{unit}", System.StringComparison.Ordinal);

    private static AddedFile Unit(string name, string text) => new($"{Directory}/{name}", Encoding.UTF8.GetBytes(text + "\n"));

    private static AddedFile Added(string unit, string text) => new($"{Directory}/{unit}.d/{DropIn}", Encoding.UTF8.GetBytes($"[Unit]\n{text}\n"));

    /// <summary>A word as systemd reads it back. Source: systemd.service(5), "Command lines"; systemd.syntax(7), "Quoting".</summary>
    private static string Quoted(string word)
    {
        var text = new StringBuilder("\"");
        foreach (char c in word)
        {
            text.Append(c switch
            {
                '"' or '\\' => $"\\{c}",
                '$' => "$$",
                '%' => "%%",
                _ => c.ToString(),
            });
        }

        return text.Append('"').ToString();
    }
}
