using System;
using System.Buffers.Binary;
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

    /// <summary>Whether an ELF file asks for no interpreter. Source: elf(5), 64-bit little endian.</summary>
    internal static bool IsStatic(ReadOnlySpan<byte> elf)
    {
        const int HeaderLength = 64;
        const int ProgramHeadersAt = 32;
        const int EntryLengthAt = 54;
        const int EntryCountAt = 56;
        const uint Interpreter = 3;
        if (elf.Length < HeaderLength || !elf.StartsWith("\x7f"u8) || !elf[1..].StartsWith("ELF"u8))
        {
            return false;
        }

        ulong at = BinaryPrimitives.ReadUInt64LittleEndian(elf[ProgramHeadersAt..]);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(elf[EntryLengthAt..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[EntryCountAt..]);
        for (int i = 0; i < count; i++)
        {
            ulong entry = unchecked(at + ((ulong)i * (ulong)length));
            if (entry > (ulong)elf.Length - sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(elf[(int)entry..]) == Interpreter)
            {
                return false;
            }
        }

        return count > 0;
    }
}
