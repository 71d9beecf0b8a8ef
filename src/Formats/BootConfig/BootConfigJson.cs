using System;
using System.IO;
using System.Text.Json;

namespace InitRuntime.Formats.BootConfig;

/// <summary>Reads and writes <see cref="BootConfiguration"/> as JSON: snake_case names, unknown members refused.</summary>
public static class BootConfigJson
{
    /// <summary>Path of the file in the initramfs.</summary>
    public const string Path = "/etc/initruntime/boot.json";

    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>The file's bytes for <paramref name="configuration"/>.</summary>
    public static byte[] Write(BootConfiguration configuration)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            BootConfigWriter.Write(json, configuration);
        }

        return buffer.ToArray();
    }

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
            value = BootConfigReader.Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader reports bytes that are not UTF-8 as an invalid operation.
            error = new($"not valid: {e.Message}");
            return false;
        }

        error = BootConfigRules.Check(value);
        return !error.IsError;
    }
}
