using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InitRuntime.Formats.BootConfig;

/// <summary>Reads and writes <see cref="BootConfiguration"/> as JSON: snake_case names, unknown members refused.</summary>
public static class BootConfigJson
{
    /// <summary>Path of the file in the initramfs.</summary>
    public const string Path = "/etc/initruntime/boot.json";

    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>The file's bytes for <paramref name="configuration"/>.</summary>
    public static byte[] Write(BootConfiguration configuration) =>
        JsonSerializer.SerializeToUtf8Bytes(configuration, BootConfigJsonContext.Default.BootConfiguration);

    /// <summary>Reads the file's bytes, and checks every value that /init relies on.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out BootConfiguration value, out ParseError error)
    {
        value = null!;
        if (json.Length > MaximumLength)
        {
            error = new($"longer than {MaximumLength} bytes");
            return false;
        }

        try
        {
            value = JsonSerializer.Deserialize(json, BootConfigJsonContext.Default.BootConfiguration)!;
        }
        catch (JsonException e)
        {
            error = new($"not valid: {e.Message}");
            return false;
        }

        error = value is null ? new("empty") : BootConfigRules.Check(value);
        return !error.IsError;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 8,
    WriteIndented = true)]
[JsonSerializable(typeof(BootConfiguration))]
internal sealed partial class BootConfigJsonContext : JsonSerializerContext;
