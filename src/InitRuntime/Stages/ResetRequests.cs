using System;
using System.Collections.Generic;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Efi;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;

namespace InitRuntime.Stages;

/// <summary>
/// Who asks for a factory reset: systemd's EFI variable, our own, and where the manifest allows it a user variable of the boot loader.
/// Each was written by somebody who was root on this device, or holds its disk. What cannot be understood asks for nothing, is named in
/// the log, and removed with the others once this boot has done what was asked for: a cut before that leads to the same work again.
/// </summary>
internal sealed class ResetRequests
{
    private const int LongestOsRelease = 64 * 1024;

    private readonly IReadOnlyList<Asked> _asked;
    private readonly Kmsg _log;

    /// <summary>Adds up what was asked for, without the names that this image does not have.</summary>
    internal ResetRequests(BootConfiguration settings, IReadOnlyList<Asked> asked, Kmsg log)
    {
        _asked = asked;
        _log = log;
        foreach (Asked one in asked)
        {
            if (one.Request is not { } request)
            {
                log.Write(Priority.Choice, $"factory reset: {one.Source} asks for nothing that is known: {one.Problem}");
                continue;
            }

            ResetRequest known = request.Known(settings, out IReadOnlyList<string> unknown);
            if (unknown.Count > 0)
            {
                log.Write(Priority.Choice, $"factory reset: {one.Source} asks for what this image does not have: {string.Join(", ", unknown)}");
            }

            if (!known.IsEmpty)
            {
                Request = Request is null ? known : Request.And(known);
            }
        }

        if (Request is not null)
        {
            log.Write(Priority.Choice, $"factory reset: {Request}; asked for by {Request.Source}");
        }
    }

    /// <summary>What all of them ask for; null for nothing.</summary>
    internal ResetRequest? Request { get; }

    /// <summary>
    /// Reads all of them; efivarfs and the root are mounted. A boot that nobody asks anything of reads two variables that are not there.
    /// </summary>
    internal static ResetRequests Read(BootConfiguration settings, IReadOnlyList<LoaderEnvironment> environments, Kmsg log)
    {
        var asked = new List<Asked>();
        if (EfiVariables.TryRead(SystemdResetRequest.VariableName, EfiVendor.Systemd) is { } systemd
            && OfSystemd(systemd, RunningSystem(), log) is { } theirs)
        {
            asked.Add(Endable(theirs, SystemdResetRequest.VariableName, EfiVendor.Systemd, systemd));
        }

        if (EfiVariables.TryRead(ResetRequestJson.VariableName, EfiVendor.InitRuntime) is { } own)
        {
            asked.Add(Endable(OfOurs(own), ResetRequestJson.VariableName, EfiVendor.InitRuntime, own));
        }

        if (settings.ResetVariable is { } variable)
        {
            asked.AddRange(OfLoader(environments, variable));
        }

        return new(settings, asked, log);
    }

    /// <summary>Removes them, whatever became of each. The last thing of a reset: call it when all else is on the disk.</summary>
    internal void Clear()
    {
        foreach (Asked one in _asked)
        {
            try
            {
                one.Remove();
            }
            catch (Exception e) when (e is SyscallException or BootException)
            {
                string next = one.Request is null ? "" : "; the next boot resets again";
                _log.Write(Priority.Failure, $"factory reset: {one.Source} could not be removed: {e.Message}{next}");
            }
        }
    }

    /// <summary>Null for a request that is not for this boot of this system: that is not ours to remove either.</summary>
    internal static Asked? OfSystemd(byte[] data, (string? OsId, string? ImageId, Guid? BootId) running, Kmsg log)
    {
        const string Source = "EFI variable " + SystemdResetRequest.VariableName;
        if (!SystemdResetRequest.TryParse(data, out SystemdResetRequest request, out ParseError error))
        {
            return new(Source, null, $"{error}", RemoveSystemds);
        }

        bool isOurs = request.IsOf(running.OsId, running.ImageId);
        if (isOurs && running.BootId is { } boot && boot != request.BootId)
        {
            return new(Source, new ResetRequest { AllVolumes = true, Source = Source }, null, EndSystemds);
        }

        string whose = isOurs ? "for the next boot" : $"of another system (ID {OneLine(request.OsId)}, IMAGE_ID {OneLine(request.ImageId ?? "none")})";
        log.Write(Priority.Choice, $"factory reset: {Source} is {whose}, and left alone");
        return null;
    }

    internal static Asked OfOurs(byte[] data)
    {
        const string Source = "EFI variable " + ResetRequestJson.VariableName;
        Action remove = () => EfiVariables.Remove(ResetRequestJson.VariableName, EfiVendor.InitRuntime);
        return ResetRequestJson.TryParse(data, out ResetRequest request, out ParseError error)
            ? new(Source, request, null, remove)
            : new(Source, null, $"{error}", remove);
    }

    internal static IEnumerable<Asked> OfLoader(IReadOnlyList<LoaderEnvironment> environments, string variable)
    {
        foreach (LoaderEnvironment environment in environments)
        {
            string source = $"loader variable {variable} on {environment.Label}";
            foreach (BootGuardVariable found in environment.Value.UserVariables)
            {
                if (found.Name != variable)
                {
                    continue;
                }

                bool isGood = LoaderResetRequest.TryParse(found, source, out ResetRequest? request, out ParseError error);
                if (request is not null || !isGood)
                {
                    yield return new(source, request, isGood ? null : $"{error}", () => LoaderEnvironments.Withdraw(environment, variable));
                }

                // The loader's tools see the first of a name only.
                break;
            }
        }
    }

    private static void RemoveSystemds() => EfiVariables.Remove(SystemdResetRequest.VariableName, EfiVendor.Systemd);

    private static void EndSystemds()
    {
        RemoveSystemds();
        KernelFile.MakePath("/run/systemd", 0x1ed /* 0755 */);
        KernelFile.Create(SystemdResetRequest.CompletePath, [], 0x1a4 /* 0644 */);
    }

    /// <summary>
    /// A request that could not be removed afterwards would be fulfilled by each boot again, so the firmware has to show first that it
    /// takes a change of the variable.
    /// </summary>
    private static Asked Endable(Asked asked, string name, Guid vendor, byte[] data)
    {
        if (asked.Request is null)
        {
            return asked;
        }

        try
        {
            EfiVariables.Write(name, vendor, data);
            return asked;
        }
        catch (SyscallException e)
        {
            return asked with { Request = null, Problem = $"it cannot be removed, so each boot would reset again: {e.Message}" };
        }
    }

    /// <summary>What systemd compares a request with: os-release of the system that is about to run, and the kernel's boot ID.</summary>
    private static (string? OsId, string? ImageId, Guid? BootId) RunningSystem()
    {
        // Our build puts it there; /etc/os-release is a link to it.
        string text = KernelFile.TryReadAll(RootMount.Path + "/usr/lib/os-release", LongestOsRelease) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";
        Guid? boot = Guid.TryParse(KernelFile.TryReadText("/proc/sys/kernel/random/boot_id"), out Guid id) ? id : null;
        return (OsReleaseText.Find(text, "ID"), OsReleaseText.Find(text, "IMAGE_ID"), boot);
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    /// <summary>What one place says.</summary>
    /// <param name="Source">The place, for messages.</param>
    /// <param name="Request">What it asks for; null if it cannot be followed.</param>
    /// <param name="Problem">Why not.</param>
    /// <param name="Remove">Removes it.</param>
    internal sealed record Asked(string Source, ResetRequest? Request, string? Problem, Action Remove);
}
