using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Build;

/// <summary>A directory to begin with: manifest, packages, one hook, development keys. It builds and boots as it is.</summary>
internal static partial class Skeleton
{
    private const string Resources = "skeleton/";
    private const string Keys = "keys";
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Makes it.</summary>
    /// <param name="directory">Where; it must not exist, or be empty. Its name is the image's.</param>
    /// <param name="compiledHook">Whether the hook is a C# project instead of a script.</param>
    /// <returns>The files that were made, relative to the directory.</returns>
    /// <exception cref="BuildException">There is something already, or the name cannot be an image's.</exception>
    internal static IReadOnlyList<string> Make(string directory, bool compiledHook)
    {
        directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        string name = Path.GetFileName(directory);
        if (!ImageName().IsMatch(name))
        {
            throw new BuildException($"\"{name}\" cannot be an image's name", "1 to 64 lower-case letters, digits, dots and dashes, the first a letter or digit, such as \"gateway\"");
        }

        if (Path.Exists(directory) && (!Directory.Exists(directory) || Directory.EnumerateFileSystemEntries(directory).Any()))
        {
            throw new BuildException($"{directory} exists, and is not an empty directory", "name another directory; nothing is ever overwritten");
        }

        Directory.CreateDirectory(directory);
        var words = new Dictionary<string, string>
        {
            ["NAME"] = name,
            ["ROOTFS"] = compiledHook ? "" : "files = [\"files\"]\n",
            ["HOOK"] = compiledHook ? CompiledHook : ScriptHook,
            ["HOOKFILE"] = compiledHook ? "hooks/Hello/" : "files/usr/lib/hooks/hello",
            ["VERSION"] = typeof(Skeleton).Assembly.GetName().Version!.ToString(3),
        };
        var made = new List<string>();
        foreach (string kind in new[] { "common/", compiledHook ? "compiled/" : "script/" })
        {
            foreach (string resource in typeof(Skeleton).Assembly.GetManifestResourceNames().Where(one => one.StartsWith(Resources + kind, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                string file = Place(resource[(Resources + kind).Length..]);
                string path = Path.Combine(directory, file);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var text = new StreamReader(typeof(Skeleton).Assembly.GetManifestResourceStream(resource)!);
                string content = Word().Replace(text.ReadToEnd(), match => words[match.Groups["word"].Value]);
                File.WriteAllText(path, content);
                if (content.StartsWith("#!", StringComparison.Ordinal))
                {
                    File.SetUnixFileMode(path, Executable);
                }

                made.Add(file);
            }
        }

        DevelopmentKeys.Make(Path.Combine(directory, Keys));
        return [.. made, $"{Keys}/"];
    }

    private const string ScriptHook = """
        # A step of yours in the boot: files/usr/lib/hooks/hello in the image.
        [[hook]]
        name = "hello"
        at = "root-ready"
        root-program = "/usr/lib/hooks/hello"

        """;

    private const string CompiledHook = """
        # A step of yours in the boot, compiled into /init: it needs the .NET SDK here, and nothing on the device.
        [[hook]]
        name = "hello"
        at = "root-ready"
        project = "hooks/Hello/Hello.csproj"
        class = "Hooks.Hello"

        """;

    private static string Place(string resource) => resource switch
    {
        "gitignore" => ".gitignore",
        "hooks/hello" => "files/usr/lib/hooks/hello",
        _ => resource,
    };

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{0,63}$")]
    private static partial Regex ImageName();

    [GeneratedRegex("@(?<word>[A-Z]+)@")]
    private static partial Regex Word();
}
