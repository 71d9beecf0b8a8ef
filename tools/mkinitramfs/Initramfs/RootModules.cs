using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>
/// The modules that the boot takes from the root, unpacked there beside the distribution's own files: at every boot the kernel would
/// need several times as long to unpack xz as the root's file system needs for the same bytes.
/// </summary>
internal static class RootModules
{
    private const string Directory = "usr/lib/initruntime/modules";

    /// <summary>Where a module of the root is found unpacked, from its own path there: that one if it is not packed.</summary>
    internal static string Path(string source, bool isFile)
    {
        string name = source[(source.LastIndexOf('/') + 1)..];
        int end = name.IndexOf(".ko", StringComparison.Ordinal);
        // A link could lead elsewhere on the device than in the archive.
        return isFile && name.EndsWith(".ko", StringComparison.Ordinal) ? $"/{source}" : $"/{Directory}/{(end < 0 ? name : name[..end])}.ko";
    }

    /// <summary>What the root lacks of the chosen modules. Those that it has are checked all the same.</summary>
    /// <exception cref="BuildException">One of them is missing, or is refused by the kernel.</exception>
    internal static IReadOnlyList<AddedFile> Unpack(
        IReadOnlyList<ModuleResolver.Chosen> modules, KernelFiles kernel, ToolsTree tools, IBuildLog log) =>
        [.. modules.Where(module => module.Settings.InRoot)
            .Select(module => new AddedFile(module.Settings.Path[1..], ModuleFile.Read(module.SourcePath, kernel, tools, log)))
            .Where(file => file.Path.StartsWith($"{Directory}/", StringComparison.Ordinal))];
}
