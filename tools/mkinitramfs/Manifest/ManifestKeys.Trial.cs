using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <content>The keys about the trial of a new image.</content>
internal static partial class ManifestKeys
{
    internal static readonly ManifestKey<int> ConfirmWithin = new("confirm", "within", Forms.Duration(30, 86400))
    {
        Summary = "How long a new image has from the start of systemd until it is confirmed; then it is rejected, and the loader returns to the old one.",
        Default = 600,
    };

    internal static readonly ManifestKey<bool> ConfirmReadRoot = new("confirm", "read-root", Forms.Flag)
    {
        Summary = "Read the whole root before a new image is confirmed: a block that was written badly is found while there is a way back.",
        Default = true,
    };

    internal static readonly ManifestKey<bool> ConfirmNoFailedUnits = new("confirm", "no-failed-units", Forms.Flag)
    {
        Summary = "Reject a new image if any unit of systemd failed (systemd-boot-check-no-failures.service).",
        Default = false,
    };

    internal static readonly ManifestKey<string> HealthCheckName = new("health-check", "name", TextForms.VolumeName)
    {
        Summary = "What it is called: its unit is `initruntime-check-NAME.service`.",
        Required = true,
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> HealthCheckCommand = new(
        "health-check", "command", Forms.List("a list: a program of the root by its absolute path, and its arguments", TextForms.CommandWord, twice: true))
    {
        Summary = "The program. An image on trial is rejected when it exits with another code than 0.",
        Required = true,
    };

    internal static readonly ManifestKey<int> HealthCheckTimeout = new("health-check", "timeout", Forms.Duration(1, 3600))
    {
        Summary = "How long it may take; one that takes longer has failed.",
        Default = 30,
    };
}
