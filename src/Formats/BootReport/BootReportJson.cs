using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InitRuntime.Formats.BootReport;

/// <summary>Reads and writes reports as JSON.</summary>
public static class BootReportJson
{
    /// <summary>Where the running system finds the report.</summary>
    public const string Path = "/run/initruntime/boot.json";

    /// <summary>The largest failure record, in bytes: EFI variable stores are small.</summary>
    public const int MaximumRecordLength = 1024;

    /// <summary>The longest reason that is kept, in characters.</summary>
    private const int MaximumReasonLength = 300;

    /// <summary>The bytes of a report.</summary>
    public static byte[] Write(BootReportDocument report) =>
        JsonSerializer.SerializeToUtf8Bytes(report, BootReportJsonContext.Default.BootReportDocument);

    /// <summary>The bytes of a failure record, its reason shortened if need be.</summary>
    public static byte[] Write(FailureRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        string reason = record.Reason.Length > MaximumReasonLength ? record.Reason[..MaximumReasonLength] + ".." : record.Reason;
        return JsonSerializer.SerializeToUtf8Bytes(record with { Reason = reason }, BootReportJsonContext.Default.FailureRecord);
    }

    /// <summary>Reads a report, as the tests and tools do.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out BootReportDocument value, out ParseError error)
    {
        value = null!;
        try
        {
            value = JsonSerializer.Deserialize(json, BootReportJsonContext.Default.BootReportDocument)!;
            error = value is null ? new("empty") : default;
        }
        catch (JsonException e)
        {
            error = new($"not valid: {e.Message}");
        }

        return !error.IsError;
    }

    /// <summary>Reads a failure record. Anybody could have written the variable, so only its form is believed.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out FailureRecord value, out ParseError error)
    {
        value = null!;
        if (json.Length > MaximumRecordLength)
        {
            error = new($"longer than {MaximumRecordLength} bytes");
            return false;
        }

        try
        {
            value = JsonSerializer.Deserialize(json, BootReportJsonContext.Default.FailureRecord)!;
            error = value is null ? new("empty")
                : value.Consecutive is < 0 or > 1_000_000 ? new($"consecutive: {value.Consecutive}")
                : default;
        }
        catch (JsonException e)
        {
            error = new($"not valid: {e.Message}");
        }

        return !error.IsError;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 6)]
[JsonSerializable(typeof(BootReportDocument))]
[JsonSerializable(typeof(FailureRecord))]
internal sealed partial class BootReportJsonContext : JsonSerializerContext;
