using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>A hook's program that goes into the initramfs.</summary>
/// <param name="Path">There.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record HookProgram(string Path, byte[] Content)
{
    /// <summary>Reads those of a manifest.</summary>
    /// <exception cref="BuildException">One cannot be read, or needs an interpreter or libraries.</exception>
    internal static IReadOnlyList<HookProgram> ReadAll(IReadOnlyList<HookSection> hooks) => [.. hooks.Where(hook => hook.Settings.Kind == HookKind.Program).Select(Read)];

    private static HookProgram Read(HookSection hook)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(hook.Source!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"hook {hook.Settings.Name}: {hook.Source}: {e.Message}", inner: e);
        }

        return DebugShell.IsStatic(content)
            ? new(hook.Settings.Program, content)
            : throw new BuildException(
                $"hook {hook.Settings.Name}: {hook.Source} is not a static executable, and the initramfs has neither libraries nor a shell",
                "link it statically; or put it into the root (rootfs.files) and name it in root-program");
    }
}
