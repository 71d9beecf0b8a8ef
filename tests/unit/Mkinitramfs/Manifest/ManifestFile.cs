using System;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

/// <summary>A manifest in a directory of its own, with a key directory beside it.</summary>
internal sealed class ManifestFile : IDisposable
{
    /// <summary>The smallest manifest; a test adds lines from 8 on.</summary>
    internal const string Smallest = """
        [image]
        name = "a"
        version = "1"
        [rootfs]
        packages = ["udev"]
        [signing]
        keys = "keys"

        """;

    private readonly TemporaryDirectory _directory = new();

    internal ManifestFile(string text)
    {
        Directory.CreateDirectory(_directory["keys"]);
        foreach (string name in KeyDirectory.Needed)
        {
            File.WriteAllText(_directory[$"keys/{name}"], "");
        }

        File.WriteAllText(_directory["plain.txt"], "");
        File.WriteAllText(Path, text);
    }

    internal string Path => _directory["m.toml"];

    /// <summary>The full path of a name beside the manifest.</summary>
    internal string this[string name] => _directory[name];

    internal ManifestReading Read() => ManifestReader.Read(Path);

    /// <summary>Reads a text that must be good.</summary>
    internal static ImageManifest Good(string text)
    {
        using var file = new ManifestFile(text);
        ManifestReading reading = file.Read();
        return reading.Manifest ?? throw new InvalidOperationException(string.Join('\n', reading.Errors));
    }

    /// <summary>All errors of a text, one below the other, as the user sees them; the directory is left out.</summary>
    internal static string ErrorsOf(string text)
    {
        using var file = new ManifestFile(text);
        return string.Join('\n', file.Read().Errors.Select(error => error.ToString())).Replace(file._directory.Path + "/", "");
    }

    public void Dispose() => _directory.Dispose();
}
