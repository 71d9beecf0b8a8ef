using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Cpio;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>Makes the initramfs: /init, what it believes, and the modules it loads. Same inputs, same bytes.</summary>
internal static class InitramfsBuilder
{
    /// <summary>
    /// The window of zstd -19, in bits, is 8 MiB; the kernel's decompressor takes up to 128 MiB (lib/decompress_unzstd.c).
    /// </summary>
    private const string CompressionLevel = "-19";

    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>What /init mounts on, and where it puts the root.</summary>
    private static readonly string[] _mountPoints = ["dev", "proc", "run", "sys", "sysroot"];

    /// <summary>Writes the compressed archive.</summary>
    /// <param name="output">Its file.</param>
    /// <param name="init">The program.</param>
    /// <param name="configuration">What it believes; checked by the reader that /init uses.</param>
    /// <param name="modules">Chosen before.</param>
    /// <param name="rootHashSignature">The kernel's proof of the root hash, or null.</param>
    /// <param name="kernel">Where the modules are.</param>
    /// <param name="tools">Where xz and zstd are.</param>
    /// <param name="log">Gets the commands.</param>
    /// <param name="debugShell">The shell of a development image, or null.</param>
    /// <exception cref="BuildException">The configuration breaks a rule, or a module cannot be used.</exception>
    internal static void Write(
        string output,
        byte[] init,
        BootConfiguration configuration,
        IReadOnlyList<ModuleResolver.Chosen> modules,
        byte[]? rootHashSignature,
        KernelFiles kernel,
        ToolsTree tools,
        IBuildLog log,
        byte[]? debugShell = null)
    {
        byte[] json = BootConfigJson.Write(configuration);
        if (!BootConfigJson.TryParse(json, out _, out ParseError error))
        {
            throw new BuildException($"boot.json: {error}");
        }

        List<(string Path, UnixFileMode Mode, byte[] Content)> files =
        [
            ("init", DirectoryMode, init),
            (Relative(BootConfigJson.Path), FileMode, json),
        ];
        foreach (ModuleResolver.Chosen module in modules.Where(module => !module.Settings.InRoot))
        {
            files.Add((Relative(module.Settings.Path), FileMode, ModuleFile.Read(module.SourcePath, kernel, tools, log)));
        }

        if (rootHashSignature is not null)
        {
            files.Add((Relative(VerityImage.SignaturePath), FileMode, rootHashSignature));
        }

        if (debugShell is not null)
        {
            files.Add((DebugShell.Path, DirectoryMode, debugShell));
        }

        using var archive = new MemoryStream();
        var writer = new CpioWriter(archive, DateTimeOffset.FromUnixTimeSeconds(SourceDate.Seconds));
        foreach (string directory in _mountPoints.Concat(files.SelectMany(file => Parents(file.Path))).Distinct().Order(StringComparer.Ordinal))
        {
            writer.AddDirectory(directory, DirectoryMode);
        }

        // The kernel opens it for /init before /init can mount anything.
        writer.AddCharacterDevice("dev/console", UnixFileMode.UserRead | UnixFileMode.UserWrite, major: 5, minor: 1);
        foreach ((string path, UnixFileMode mode, byte[] content) in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            writer.AddFile(path, mode, content);
        }

        if (debugShell is not null)
        {
            writer.AddSymbolicLink(DebugShell.Link, Path.GetFileName(DebugShell.Path));
        }

        writer.Finish();
        HostCommand zstd = tools.Command("zstd", CompressionLevel, "--single-thread", "--check", "--quiet", "--stdout");
        (zstd with { Input = archive.ToArray(), OutputFile = output }).Run(log);
    }

    private static string Relative(string path) => path.TrimStart('/');

    private static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }
}
