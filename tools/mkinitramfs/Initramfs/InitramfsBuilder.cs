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

/// <summary>
/// Makes the initramfs, two archives one behind the other, each compressed by itself: /init and the modules it loads; what /init believes. The second
/// is another one in each image, and small; where the first is not, a download by chunks finds it again. Same inputs, same bytes.
/// </summary>
/// <remarks>Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst.</remarks>
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

    /// <summary>Writes both.</summary>
    /// <param name="output">Its file.</param>
    /// <param name="init">The program.</param>
    /// <param name="configuration">What it believes; checked by the reader that /init uses.</param>
    /// <param name="modules">Chosen before.</param>
    /// <param name="rootHashSignature">The kernel's proof of the root hash, or null.</param>
    /// <param name="kernel">Where the modules are.</param>
    /// <param name="tools">Where xz and zstd are.</param>
    /// <param name="log">Gets the commands.</param>
    /// <param name="debugShell">The shell of a development image, or null.</param>
    /// <param name="hooks">Programs that /init runs.</param>
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
        byte[]? debugShell = null,
        IReadOnlyList<HookProgram>? hooks = null)
    {
        byte[] json = BootConfigJson.Write(configuration);
        if (!BootConfigJson.TryParse(json, out _, out ParseError error))
        {
            throw new BuildException($"boot.json: {error}");
        }

        List<Member> beliefs = [new(Relative(BootConfigJson.Path), FileMode, json)];
        if (rootHashSignature is not null)
        {
            beliefs.Add(new(Relative(VerityImage.SignaturePath), FileMode, rootHashSignature));
        }

        List<Member> programs = [new("init", DirectoryMode, init)];
        foreach (ModuleResolver.Chosen module in modules.Where(module => !module.Settings.InRoot))
        {
            programs.Add(new(Relative(module.Settings.Path), FileMode, ModuleFile.Read(module.SourcePath, kernel, tools, log)));
        }

        foreach (HookProgram hook in hooks ?? [])
        {
            programs.Add(new(hook.Path, DirectoryMode, hook.Content));
        }

        if (debugShell is not null)
        {
            programs.Add(new(DebugShell.Path, DirectoryMode, debugShell));
        }

        byte[] Pack(List<Member> files, IReadOnlyList<string> directories, Action<CpioWriter> addOthers)
        {
            HostCommand zstd = tools.Command("zstd", CompressionLevel, "--single-thread", "--check", "--quiet", "--stdout");
            return (zstd with { Input = Archive(files, directories, addOthers) }).Run(log);
        }

        byte[] first = Pack(programs, _mountPoints, writer =>
        {
            // The kernel opens it for /init before /init can mount anything.
            writer.AddCharacterDevice("dev/console", UnixFileMode.UserRead | UnixFileMode.UserWrite, major: 5, minor: 1);
            if (debugShell is not null)
            {
                writer.AddSymbolicLink(DebugShell.Link, Path.GetFileName(DebugShell.Path));
            }
        });
        File.WriteAllBytes(output, [.. first, .. Pack(beliefs, [], _ => { })]);
    }

    private static byte[] Archive(List<Member> files, IReadOnlyList<string> directories, Action<CpioWriter> addOthers)
    {
        using var archive = new MemoryStream();
        var writer = new CpioWriter(archive, DateTimeOffset.FromUnixTimeSeconds(SourceDate.Seconds));
        foreach (string directory in directories.Concat(files.SelectMany(file => Parents(file.Path))).Distinct().Order(StringComparer.Ordinal))
        {
            writer.AddDirectory(directory, DirectoryMode);
        }

        foreach (Member file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            writer.AddFile(file.Path, file.Mode, file.Content);
        }

        addOthers(writer);
        writer.Finish();
        return archive.ToArray();
    }

    private sealed record Member(string Path, UnixFileMode Mode, byte[] Content);

    private static string Relative(string path) => path.TrimStart('/');

    private static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }
}
