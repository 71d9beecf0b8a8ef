using System;
using System.IO;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Paths: those on the build machine are relative to the manifest and must exist; those of the image are absolute.</summary>
internal static class PathForms
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>A file that exists, made absolute.</summary>
    internal static Form<string> File { get; } = OnHost("a file", Path.Exists, path =>
        Directory.Exists(path) ? ("is a directory, wanted a file", null) : null);

    /// <summary>A file that can be run, made absolute.</summary>
    internal static Form<string> Program { get; } = OnHost("a file that can be run", Path.Exists, path =>
        Directory.Exists(path) ? ("is a directory, wanted a file", null)
        : !OperatingSystem.IsWindows() && (System.IO.File.GetUnixFileMode(path) & Execute) == 0 ? ("cannot be run", $"chmod +x {path}")
        : null);

    /// <summary>A directory that exists, made absolute.</summary>
    internal static Form<string> ExistingDirectory { get; } = OnHost("a directory", Path.Exists, path =>
        Directory.Exists(path) ? null : ("is a file, wanted a directory", null));

    /// <summary>An absolute, normal path in the image.</summary>
    internal static Form<string> InImage { get; } = Forms.Text("an absolute path in the image", text =>
        BootConfigRules.IsPlainAbsolutePath(text) ? null
        : ($"{ManifestErrors.Quote(text)} is not a plain absolute path",
            PlainForm(text) is { } plain ? $"use \"{plain}\"" : "it begins with / and has no empty, \".\" or \"..\" part"));

    private static Form<string> OnHost(string inWords, Predicate<string> exists, Func<string, (string What, string? Hint)?> rule) => new(
        $"{inWords}; relative to the manifest",
        (ManifestNode node, FormContext context, out string value) =>
        {
            value = "";
            if (!context.Wants(node, NodeKind.Text, "a path in quotes"))
            {
                return false;
            }

            if (node.Text.Length == 0 || node.Text.Contains('\0'))
            {
                return context.Refuse(node, "is not a path", $"name {inWords}");
            }

            value = Path.GetFullPath(Path.Combine(context.DirectoryOf(node), node.Text));
            return !exists(value) ? context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} does not exist", $"looked for {value}")
                : rule(value) is not { } wrong || context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} {wrong.What}", wrong.Hint);
        },
        value => value);

    private static string? PlainForm(string text)
    {
        if (text.Length == 0 || text[0] != '/' || text.Contains('\0'))
        {
            return null;
        }

        string plain = Path.TrimEndingDirectorySeparator(Path.GetFullPath(text));
        return BootConfigRules.IsPlainAbsolutePath(plain) ? plain : null;
    }
}
