using System.CommandLine;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary>The argument MANIFEST, and what all verbs do that read one.</summary>
internal static class ManifestArgument
{
    internal static Argument<string> Make() => new("MANIFEST") { Description = "The manifest of the image, such as examples/demo/image.toml." };

    /// <summary>The manifest, once it is free of errors; else null, and all errors are written.</summary>
    internal static ManifestReading? Read(string file, TextWriter errors)
    {
        ManifestReading reading = ManifestReader.Read(file);
        foreach (ManifestError error in reading.Errors)
        {
            errors.WriteLine(error);
        }

        if (reading.Errors.Any())
        {
            string count = reading.Errors.Count == 1 ? "1 error" : $"{reading.Errors.Count} errors";
            errors.WriteLine($"{count}; nothing was written");
            return null;
        }

        return reading;
    }
}
