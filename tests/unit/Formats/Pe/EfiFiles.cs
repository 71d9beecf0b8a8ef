using System;
using System.IO;
using System.Security.Cryptography;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.Formats.Pe;

/// <summary>Real EFI programs, as Debian ships them in the tools tree.</summary>
internal static class EfiFiles
{
    /// <summary>systemd-stub: no data behind its sections.</summary>
    internal static string Stub { get; } = Tools.Tree.HostPath("usr/lib/systemd/boot/efi/linuxx64.efi.stub");

    /// <summary>EFI Boot Guard: made by GNU ld, its symbol table behind its sections, its length no multiple of 8.</summary>
    internal static string EfiBootGuard { get; } = Tools.Tree.HostPath("usr/lib/x86_64-linux-gnu/efibootguard/efibootguardx64.efi");

    /// <summary>A program that stands for a kernel, with NX_COMPAT as kernels have it.</summary>
    internal static string SystemdBoot { get; } = Tools.Tree.HostPath("usr/lib/systemd/boot/efi/systemd-bootx64.efi");

    internal static byte[] StubBytes => File.ReadAllBytes(Stub);

    internal static PeImage Parse(ReadOnlySpan<byte> file) =>
        PeImage.TryParse(file, out PeImage? image, out var error) ? image! : throw new InvalidDataException(error.ToString());

    /// <summary>The checksum that a file's header should state.</summary>
    internal static uint Checksum(byte[] file)
    {
        byte[] copy = [.. file];
        copy.AsSpan(Parse(file).CheckSumOffset, 4).Clear();
        var checksum = default(PeChecksum);
        // In uneven pieces, so that a word is cut in two.
        checksum.Add(copy.AsSpan(0, 1001));
        checksum.Add(copy.AsSpan(1001));
        return checksum.Value;
    }

    /// <summary>What objdump (binutils) says.</summary>
    internal static string Objdump(string option, string file) =>
        new HostCommand("objdump", option, file).RunText(new PlainLog(TextWriter.Null, showCommands: false));

    internal static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
