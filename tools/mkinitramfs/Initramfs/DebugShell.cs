using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>The shell of a development image, <c>development.debug-shell</c>: the static busybox of the image's own packages.</summary>
internal static class DebugShell
{
    /// <summary>Where it goes in the initramfs; /init runs the link beside it.</summary>
    internal const string Path = "bin/busybox";

    /// <summary>The name that /init runs.</summary>
    internal const string Link = "bin/sh";

    private const string Hint = "add \"busybox-static\" to rootfs.packages, or take development.debug-shell out";

    private static readonly string[] _places = ["usr/bin/busybox", "bin/busybox"];

    /// <exception cref="BuildException">The root has none, or one that needs libraries.</exception>
    internal static byte[] Read(TarArchive root)
    {
        foreach (string place in _places)
        {
            if (root.FindFile(place) is { } entry)
            {
                byte[] program = root.Read(entry);
                return IsStatic(program)
                    ? program
                    : throw new BuildException($"development.debug-shell: {place} needs libraries, which the initramfs does not have", Hint);
            }
        }

        throw new BuildException("development.debug-shell: the root has no busybox", Hint);
    }

    /// <summary>Whether a file is a program that asks for no dynamic linker.</summary>
    internal static bool IsStatic(byte[] file) => ElfProgram.TryRead(file) is { Interpreter: null };
}
