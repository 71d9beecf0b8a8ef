using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Json;
using InitRuntime.Formats.Luks2;

namespace InitRuntime.Formats.FactoryReset;

/// <summary>
/// Our own request, in the EFI variable <see cref="VariableName"/> of vendor <see cref="Efi.EfiVendor.InitRuntime"/>:
/// <c>{"scope":"volumes"}</c> for all of them, <c>{"scope":"overlays","names":["/etc"]}</c> for those that are named.
/// </summary>
public static class ResetRequestJson
{
    /// <summary>The variable's name.</summary>
    public const string VariableName = "InitRuntimeReset";

    /// <summary>The longest request, in bytes: EFI variable stores are small.</summary>
    public const int MaximumLength = 1024;

    private const string VolumesScope = "volumes";
    private const string OverlaysScope = "overlays";

    /// <summary>The bytes of a request.</summary>
    /// <exception cref="ArgumentException">It takes nothing, volumes and overlays at once, or more than <see cref="MaximumLength"/> bytes.</exception>
    public static byte[] Write(ResetRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool volumes = request.AllVolumes || request.Volumes.Count > 0;
        bool overlays = request.AllOverlays || request.Overlays.Count > 0;
        IReadOnlyList<string> names = volumes ? request.Volumes : request.Overlays;
        if (volumes == overlays || ((request.AllVolumes || request.AllOverlays) && names.Count > 0))
        {
            throw new ArgumentException($"one variable cannot ask for {request}", nameof(request));
        }

        var json = new JsonOutput();
        json.BeginObject();
        json.Text("scope", volumes ? VolumesScope : OverlaysScope);
        if (names.Count > 0)
        {
            json.BeginArray("names");
            foreach (string name in names)
            {
                json.Text(null, name);
            }

            json.EndArray();
        }

        json.EndObject();
        byte[] bytes = json.ToBytes();
        return bytes.Length <= MaximumLength
            ? bytes
            : throw new ArgumentException($"{bytes.Length} bytes of names, at most {MaximumLength} can be asked for", nameof(request));
    }

    /// <summary>Reads a request. Anybody could have written the variable, so only its form is believed.</summary>
    /// <param name="json">The variable's data.</param>
    /// <param name="value">What it asks for.</param>
    /// <param name="error">Why it cannot be understood; then nothing is asked for.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, out ResetRequest value, out ParseError error)
    {
        value = null!;
        error = json.Length > MaximumLength ? new($"longer than {MaximumLength} bytes") : default;
        if (error.IsError)
        {
            return false;
        }

        try
        {
            value = Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = new($"not valid: {Escaped.Text(e.Message)}");
        }

        return !error.IsError;
    }

    private static ResetRequest Read(ReadOnlySpan<byte> document)
    {
        var json = new JsonInput(document);
        string? scope = null;
        List<string>? names = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "scope": scope = json.Text(); break;
                case "names": names = json.Texts(ResetRequest.MostNames); break;
                default: throw json.Unknown();
            }
        }

        scope = json.Required(scope, "scope");
        // A program that means "these", and has none left, must not get "all".
        if (names is { Count: 0 })
        {
            throw json.Error("names is empty: leave it out for all");
        }

        foreach (string name in names ?? [])
        {
            if (scope == VolumesScope ? !VolumeRules.IsName(name) : !BootConfigRules.IsPlainAbsolutePath(name))
            {
                throw json.Error($"\"{name}\" is no {(scope == VolumesScope ? "name of a volume" : "path of an overlay")}");
            }
        }

        const string Source = "EFI variable " + VariableName;
        ResetRequest request = scope switch
        {
            VolumesScope => new() { AllVolumes = names is null, Volumes = names ?? [], Source = Source },
            OverlaysScope => new() { AllOverlays = names is null, Overlays = names ?? [], Source = Source },
            _ => throw json.Error($"scope \"{scope}\", wanted {VolumesScope} or {OverlaysScope}"),
        };
        json.End();
        return request;
    }
}
