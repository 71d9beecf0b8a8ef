using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>A file that hooks need in the initramfs: a program, or a library of it.</summary>
/// <param name="Path">There, without a slash before it.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record HookProgram(string Path, byte[] Content)
{
    /// <summary>Where Debian's dynamic linker looks without having been told.</summary>
    private const string LibraryDirectory = "usr/lib/x86_64-linux-gnu";

    private static readonly string[] _libraryDirectories = [LibraryDirectory, "lib/x86_64-linux-gnu", "usr/lib64", "lib64", "usr/lib", "lib"];

    /// <summary>Reads the programs of a manifest, and out of the root the dynamic linker and the libraries that they ask for.</summary>
    /// <exception cref="BuildException">One cannot be read, is no program, or needs what the root does not have.</exception>
    internal static IReadOnlyList<HookProgram> ReadAll(IReadOnlyList<HookSection> hooks, TarArchive root)
    {
        var found = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (HookSection hook in hooks.Where(hook => hook.Settings.Kind == HookKind.Program))
        {
            byte[] content = Read(hook);
            ElfProgram elf = ElfProgram.TryRead(content) ?? throw new BuildException(
                $"hook {hook.Settings.Name}: {hook.Source} is not a program for x86-64, and the initramfs has no shell",
                "put a script into the root (rootfs.files) and name it in root-program");
            found[hook.Settings.Program.TrimStart('/')] = content;
            if (elf.Interpreter is { } linker)
            {
                found[linker.TrimStart('/')] = OfRoot(root, linker.TrimStart('/')) ?? throw Missing(hook, linker);
            }

            AddLibraries(hook, elf, root, found);
        }

        return [.. found.Select(pair => new HookProgram(pair.Key, pair.Value))];
    }

    private static void AddLibraries(HookSection hook, ElfProgram program, TarArchive root, SortedDictionary<string, byte[]> found)
    {
        var waiting = new Queue<ElfProgram>([program]);
        while (waiting.TryDequeue(out ElfProgram? elf))
        {
            foreach (string library in elf.Libraries)
            {
                string place = $"{LibraryDirectory}/{library}";
                // The linker itself is a library, too.
                if (found.ContainsKey(place) || found.Keys.Any(path => path.EndsWith($"/{library}", StringComparison.Ordinal)))
                {
                    continue;
                }

                byte[] content = Directories(elf).Select(directory => OfRoot(root, $"{directory}/{library}")).FirstOrDefault(bytes => bytes is not null) ?? throw Missing(hook, library);
                found[place] = content;
                waiting.Enqueue(ElfProgram.TryRead(content) ?? throw new BuildException($"hook {hook.Settings.Name}: {library} of the root is not a library for x86-64"));
            }
        }
    }

    private static IEnumerable<string> Directories(ElfProgram elf) => (elf.SearchPath ?? "").Split(':')
        .Where(directory => directory.StartsWith('/')).Select(directory => directory.Trim('/')).Concat(_libraryDirectories);

    private static byte[]? OfRoot(TarArchive root, string path) => root.FindFile(path) is { } entry ? root.Read(entry) : null;

    private static BuildException Missing(HookSection hook, string what) => new(
        $"hook {hook.Settings.Name}: {hook.Source} needs {what}, which the root does not have", "link it statically; or add the Debian package to rootfs.packages");

    private static byte[] Read(HookSection hook)
    {
        try
        {
            return File.ReadAllBytes(hook.Source!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"hook {hook.Settings.Name}: {hook.Source}: {e.Message}", inner: e);
        }
    }
}
