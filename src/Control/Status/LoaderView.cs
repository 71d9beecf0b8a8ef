using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Control.Status;

/// <summary>How far an image is trusted.</summary>
internal enum TrialState
{
    /// <summary>It cannot be told.</summary>
    Unknown,

    /// <summary>It still has to prove itself: the next boot is the other slot's.</summary>
    OnTrial,

    /// <summary>It has.</summary>
    Confirmed,
}

/// <summary>What of an update is in the loader's environments.</summary>
internal enum PendingUpdate
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is being written, or its writing was given up.</summary>
    Writing,

    /// <summary>It is written, and booted next.</summary>
    Installed,
}

/// <summary>What the loader knows of both slots now. Nobody signs them.</summary>
/// <param name="Environments">Those that are valid.</param>
/// <param name="Problems">Why others, or all, could not be read.</param>
internal sealed record LoaderView(IReadOnlyList<LoaderEnvironment> Environments, IReadOnlyList<string> Problems)
{
    private static readonly string[] _trialWords = ["unknown", "on-trial", "confirmed"];
    private static readonly string[] _updateWords = ["none", "writing", "installed"];
    private static readonly string[] _stateWords = ["ok", "installed", "testing", "failed", "unknown"];

    /// <summary>How far the running image is trusted. An environment that cannot be read could say otherwise than the others.</summary>
    internal TrialState Now
    {
        get
        {
            // The loader turns "installed" into "testing" before it starts an image, so neither of these is the running one.
            BootGuardEnvironment? running = Latest(environment => !environment.InProgress && environment.UpdateState != UpdateState.Installed);
            return Problems.Count > 0 ? TrialState.Unknown : running?.UpdateState switch
            {
                UpdateState.Testing => TrialState.OnTrial,
                UpdateState.Ok => TrialState.Confirmed,
                _ => TrialState.Unknown,
            };
        }
    }

    /// <summary>What of an update waits.</summary>
    internal PendingUpdate Update =>
        Latest(environment => !environment.InProgress) is { UpdateState: UpdateState.Installed } ? PendingUpdate.Installed
        : Latest(environment => environment.InProgress) is not null ? PendingUpdate.Writing
        : PendingUpdate.None;

    /// <summary>Reads them from the disk that this system booted from.</summary>
    internal static LoaderView Read(string? systemDisk)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new([], ["only root can read the loader's environments"]);
        }

        if (systemDisk is null)
        {
            return new([], ["the boot disk is not known"]);
        }

        if (!SystemDisk.TryOpen(systemDisk, out SystemDisk? disk, out ParseError error))
        {
            return new([], [$"{systemDisk}: {error}"]);
        }

        var problems = new List<string>();
        IReadOnlyList<LoaderEnvironment> environments = LoaderEnvironments.Read(disk, problems.Add);
        if (environments.Count == 0 && problems.Count == 0)
        {
            problems.Add($"{systemDisk} has no environment of EFI Boot Guard, and no entry of systemd-boot");
        }

        return new(environments, problems);
    }

    /// <summary>The word for what /init knew when this boot began.</summary>
    internal static TrialState Of(bool? onTrial) => onTrial switch
    {
        true => TrialState.OnTrial,
        false => TrialState.Confirmed,
        null => TrialState.Unknown,
    };

    internal static string Name(TrialState state) => _trialWords[(int)state];

    internal static string Name(PendingUpdate update) => _updateWords[(int)update];

    internal static string Name(UpdateState state) => _stateWords[(int)state];

    private BootGuardEnvironment? Latest(Predicate<BootGuardEnvironment> wanted)
    {
        BootGuardEnvironment? latest = null;
        foreach (LoaderEnvironment environment in Environments)
        {
            if (wanted(environment.Value) && (latest is null || environment.Value.Revision > latest.Revision))
            {
                latest = environment.Value;
            }
        }

        return latest;
    }
}
