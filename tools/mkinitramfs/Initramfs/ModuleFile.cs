using System;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>A kernel module as the kernel takes it: unpacked, else byte for byte as it was signed.</summary>
internal static class ModuleFile
{
    /// <summary>What the kernel's build appends after the signature. Source: include/linux/module_signature.h.</summary>
    private static ReadOnlySpan<byte> SignatureMark => "~Module signature appended~\n"u8;

    /// <summary>A module of the root, unpacked.</summary>
    /// <exception cref="BuildException">It is missing or damaged, or lacks the signature that the kernel wants.</exception>
    internal static byte[] Read(string sourcePath, KernelFiles kernel, ToolsTree tools, IBuildLog log)
    {
        byte[] module = Unpack(kernel.ReadModule(sourcePath), sourcePath, tools, log);
        return !kernel.Config.IsBuiltIn("CONFIG_MODULE_SIG") || IsSigned(module)
            ? module
            : throw new BuildException(
                $"{sourcePath} has no signature: under Secure Boot the kernel does not load it",
                "sign it with a key that the kernel trusts, or leave it out of kernel.modules");
    }

    /// <summary>The module's ELF file, signature included.</summary>
    /// <param name="data">As it lies in the root.</param>
    /// <param name="name">Its path, whose ending tells the compression.</param>
    /// <param name="tools">Where the decompressors are.</param>
    /// <param name="log">Gets the command.</param>
    /// <exception cref="BuildException">It cannot be unpacked, or is not ELF.</exception>
    internal static byte[] Unpack(byte[] data, string name, ToolsTree tools, IBuildLog log)
    {
        string? tool = name[(name.LastIndexOf('.') + 1)..] switch
        {
            "ko" => null,
            "xz" => "xz",
            "zst" => "zstd",
            "gz" => "gzip",
            _ => throw new BuildException($"{name}: the compression of this module is not known (.xz, .zst, .gz)"),
        };
        byte[] module = tool is null ? data : (tools.Command(tool, "-d", "-c") with { Input = data }).Run(log);
        return module.AsSpan().StartsWith("\x7f"u8) && module.AsSpan(1).StartsWith("ELF"u8)
            ? module
            : throw new BuildException($"{name} is not a kernel module");
    }

    internal static bool IsSigned(ReadOnlySpan<byte> module) => module.EndsWith(SignatureMark);
}
