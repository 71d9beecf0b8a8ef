using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>A directory of the host as a tar archive: sorted, with one time, so that the same files make the same bytes.</summary>
internal static class DirectoryTar
{
    /// <summary>Writes the archive. Modes, links and extended attributes are kept; owners are kept by number, or all root.</summary>
    /// <exception cref="BuildException">The directory cannot be read.</exception>
    internal static void Write(ToolsTree tools, string directory, string tar, long time, bool ownedByRoot, IBuildLog log)
    {
        List<string> arguments =
        [
            "--create", "--format=pax", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime", "--sort=name",
            "--numeric-owner", $"--mtime=@{time}",
        ];
        arguments.AddRange(ownedByRoot ? ["--owner=0", "--group=0"] : ["--xattrs", "--xattrs-include=*"]);
        arguments.AddRange(["--file", tar, "--directory", directory, "."]);
        tools.Command("tar", arguments).Run(log);
    }

    /// <summary>One line for each file below a directory, in order: all that <see cref="Write"/> keeps of it.</summary>
    internal static IEnumerable<string> Describe(string directory)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };
        return new DirectoryInfo(directory).EnumerateFileSystemInfos("*", options)
            .OrderBy(info => info.FullName, StringComparer.Ordinal)
            .Select(info => string.Join('\t', Path.GetRelativePath(directory, info.FullName), Content(info)));
    }

    private static string Content(FileSystemInfo info) => info switch
    {
        { LinkTarget: { } target } => $"link {target}",
        DirectoryInfo => $"directory {info.UnixFileMode}",
        _ => $"file {info.UnixFileMode} {Digest(info.FullName)}",
    };

    private static string Digest(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
