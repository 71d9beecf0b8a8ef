using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Efi;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Formats.Json;
using InitRuntime.Linux;

namespace InitRuntime.Control.Reset;

/// <summary>A request of a factory reset that waits for the next boot.</summary>
/// <param name="Variable">The EFI variable that keeps it.</param>
/// <param name="Request">What it asks for; null if that is not understood.</param>
/// <param name="Problem">Why it is not understood: then it asks for nothing.</param>
internal sealed record PendingReset(string Variable, ResetRequest? Request, string? Problem);

/// <summary>What the next boot is asked to make anew. Only EFI variables are looked at: a variable of the boot loader can ask, too.</summary>
internal static class PendingResets
{
    /// <summary>All of them; none on a machine without EFI.</summary>
    internal static IReadOnlyList<PendingReset> Read() => Of(
        EfiVariables.TryRead(ResetRequestJson.VariableName, EfiVendor.InitRuntime),
        EfiVariables.TryRead(SystemdResetRequest.VariableName, EfiVendor.Systemd));

    /// <summary>What both variables ask for; null where there is no such variable.</summary>
    internal static IReadOnlyList<PendingReset> Of(byte[]? ours, byte[]? systemds)
    {
        var pending = new List<PendingReset>();
        if (ours is not null)
        {
            pending.Add(ResetRequestJson.TryParse(ours, out ResetRequest request, out ParseError error)
                ? new(ResetRequestJson.VariableName, request, null)
                : new(ResetRequestJson.VariableName, null, error.Message));
        }

        if (systemds is not null)
        {
            pending.Add(SystemdResetRequest.TryParse(systemds, out _, out ParseError error)
                ? new(SystemdResetRequest.VariableName, new ResetRequest { AllVolumes = true, Source = SystemdResetRequest.VariableName }, null)
                : new(SystemdResetRequest.VariableName, null, error.Message));
        }

        return pending;
    }

    /// <summary>How a person takes it back.</summary>
    internal static string HowToCancel(PendingReset reset) =>
        reset.Variable == ResetRequestJson.VariableName ? "initruntime-ctl reset --cancel" : "systemd-factory-reset cancel";

    /// <summary>A member <c>reset_requests</c>.</summary>
    internal static void Write(JsonOutput json, IReadOnlyList<PendingReset> pending)
    {
        json.BeginArray("reset_requests");
        foreach (PendingReset reset in pending)
        {
            json.BeginObject();
            json.Text("variable", reset.Variable);
            if (reset.Request is { } request)
            {
                json.Flag("all_volumes", request.AllVolumes);
                Write(json, "volumes", request.Volumes);
                json.Flag("all_overlays", request.AllOverlays);
                Write(json, "overlays", request.Overlays);
            }

            json.TextIfAny("problem", reset.Problem);
            json.EndObject();
        }

        json.EndArray();
    }

    private static void Write(JsonOutput json, string name, IReadOnlyList<string> texts)
    {
        json.BeginArray(name);
        foreach (string text in texts)
        {
            json.Text(null, text);
        }

        json.EndArray();
    }
}
