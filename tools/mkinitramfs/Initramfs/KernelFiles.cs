using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>The one kernel of a root file system: its image, its configuration and its modules, read in place.</summary>
internal sealed class KernelFiles
{
    private const int MaximumImage = 256 << 20;

    private readonly TarArchive _root;
    private readonly string _moduleDirectory;

    private KernelFiles(TarArchive root, string version, string moduleDirectory, byte[] image, KernelConfig config)
    {
        _root = root;
        _moduleDirectory = moduleDirectory;
        Version = version;
        Image = image;
        Config = config;
        Modules = ModuleIndex.Parse(
            Text("modules.dep"), Text("modules.softdep"), Text("modules.alias"), Text("modules.builtin"), Text("modules.builtin.modinfo"));
    }

    /// <summary>As <c>uname -r</c> gives it.</summary>
    internal string Version { get; }

    /// <summary>The bzImage: a PE program that the firmware can start.</summary>
    internal byte[] Image { get; }

    internal KernelConfig Config { get; }

    internal ModuleIndex Modules { get; }

    /// <summary>Finds the kernel of a root file system.</summary>
    /// <exception cref="BuildException">It has none, several, or lacks a file that the build needs.</exception>
    internal static KernelFiles Find(TarArchive root)
    {
        List<string> directories = [.. root.Entries
            .Where(entry => entry.Path.EndsWith("/modules.dep", StringComparison.Ordinal))
            .Select(entry => entry.Path[..^"/modules.dep".Length])
            .Where(path => path.Split('/') is ["usr", "lib", "modules", _] or ["lib", "modules", _])
            .Distinct()];
        if (directories is not [{ } directory])
        {
            throw directories.Count == 0
                ? new BuildException(
                    "the root file system has no kernel modules (usr/lib/modules/VERSION/modules.dep)",
                    "name the kernel's package in kernel.package, or put a kernel into the root file system")
                : new BuildException(
                    $"the root file system has {directories.Count} kernels: {string.Join(", ", directories.Select(NameOf))}",
                    "an image has exactly one kernel: name one package in kernel.package and none in rootfs.packages");
        }

        string version = NameOf(directory);
        byte[] image = FirstOf(root, [$"boot/vmlinuz-{version}", $"{directory}/vmlinuz"], "kernel image");
        byte[] config = FirstOf(root, [$"boot/config-{version}", $"{directory}/config"], "kernel configuration");
        return new KernelFiles(root, version, directory, image, KernelConfig.Parse(System.Text.Encoding.UTF8.GetString(config)));
    }

    /// <summary>A file below the module directory, as it lies there (perhaps compressed).</summary>
    /// <exception cref="BuildException">There is none.</exception>
    internal byte[] ReadModule(string relativePath) => FirstOf(_root, [$"{_moduleDirectory}/{relativePath}"], "kernel module");

    /// <summary>Where the boot finds a module in the root.</summary>
    internal string PathInRoot(string relativePath)
    {
        string path = $"{_moduleDirectory}/{relativePath}";
        return RootModules.Path(path, _root.Find(path) is { IsFile: true });
    }

    private static string NameOf(string directory) => directory[(directory.LastIndexOf('/') + 1)..];

    private static byte[] FirstOf(TarArchive root, string[] paths, string what) =>
        paths.Select(root.FindFile).FirstOrDefault(entry => entry is not null) is { } found
            ? root.Read(found, MaximumImage)
            : throw new BuildException($"the root file system has no {what}: {string.Join(" or ", paths)}");

    private string Text(string name) => _root.ReadText($"{_moduleDirectory}/{name}") ?? "";
}
