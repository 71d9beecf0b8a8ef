using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// What lies at a volume's mount point and yet belongs to the image: it is moved to the root's read-only side, and a symbolic link
/// takes its place, which the volume gets, too.
/// </summary>
internal sealed class ImagePaths
{
    private readonly string[] _paths;

    /// <param name="paths">Absolute paths in the root, none within another.</param>
    internal ImagePaths(IEnumerable<string> paths) => _paths = [.. paths.Select(path => path.TrimStart('/')).Order(StringComparer.Ordinal)];

    /// <summary>The links to make: path and target.</summary>
    internal IEnumerable<(string Path, string Target)> Links => _paths.Select(path => (path, ImagePath.LinkOf($"/{path}")));

    /// <summary>The volumes with those of their image paths that the root has.</summary>
    /// <exception cref="BuildException">The manifest names some that it has not: all of them are told.</exception>
    internal static IReadOnlyList<VolumeSection> OfRoot(IReadOnlyList<VolumeSection> volumes, TarArchive root)
    {
        // One pass for all: what is a directory may have no member of its own.
        HashSet<string> directories = [.. root.Entries.Where(RootContent.Holds).SelectMany(entry => TarArchive.Parents(entry.Path))];
        string? ProblemOf(string path) => root.Find(path.TrimStart('/')) switch
        {
            { } entry when !RootContent.Holds(entry) => "is left out of every image",
            { IsSymbolicLink: true } => "is a symbolic link",
            { } => null,
            null => directories.Contains(path.TrimStart('/')) ? null : "is not there",
        };

        string[] problems = [.. volumes.Where(volume => volume.ImagePathsAreNamed).SelectMany(
            volume => volume.Settings.ImagePaths.Select(path => (path, Problem: ProblemOf(path))).Where(wrong => wrong.Problem is not null)
                .Select(wrong => $"  {wrong.path} {wrong.Problem}; volume {volume.Settings.Name} has it in image-paths"))];
        if (problems.Length > 0)
        {
            throw new BuildException(
                "volume.image-paths names what the root file system does not have:\n" + string.Join('\n', problems),
                "name files and directories that the packages bring, or remove them from image-paths");
        }

        return [.. volumes.Select(volume => volume with
        {
            Settings = volume.Settings with { ImagePaths = [.. volume.Settings.ImagePaths.Where(path => ProblemOf(path) is null)] },
        })];
    }

    /// <summary>Whether a path is moved: one of them, or below one.</summary>
    internal bool Moves(string path) =>
        Array.Exists(_paths, moved => path.StartsWith(moved, StringComparison.Ordinal) && (path.Length == moved.Length || path[moved.Length] == '/'));

    /// <summary>Where a path is afterwards.</summary>
    internal string Moved(string path) => Moves(path) ? TargetOf(path) : path;

    /// <summary>What a symbolic link says afterwards: one that is moved and leads to what is not would lead elsewhere.</summary>
    internal string MovedTarget(string path, string target)
    {
        if (!Moves(path) || target.StartsWith('/'))
        {
            return target;
        }

        var parts = new Stack<string>(TarArchive.Parents(path).LastOrDefault()?.Split('/') ?? []);
        foreach (string part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            if (part != "..")
            {
                parts.Push(part);
            }
            else if (parts.Count > 0)
            {
                parts.Pop();
            }
        }

        string destination = string.Join('/', parts.Reverse());
        return Moves(destination) ? target : Relative(TargetOf(path), destination);
    }

    /// <summary>With its whole path, so that relative links within what is moved stay right.</summary>
    private static string TargetOf(string path) => ImagePath.PlaceOf($"/{path}").TrimStart('/');

    /// <summary>The way from a link to a path, both without a leading slash.</summary>
    private static string Relative(string link, string path) =>
        string.Concat(Enumerable.Repeat("../", link.Count(c => c == '/'))) + path is { Length: > 0 } way ? way : ".";
}
