using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>Finds the program that becomes <c>/init</c>: made from src/InitRuntime, carried beside this program.</summary>
internal static class InitProgram
{
    private const string Name = "init";

    /// <summary>Length of an ELF header of 64-bit programs, in bytes.</summary>
    private const int ElfHeaderSize = 64;

    /// <summary>Its bytes: <c>$INITRUNTIME_INIT</c>, else <c>init</c> beside this program, else <c>out/init</c> of the repository above it.</summary>
    /// <exception cref="BuildException">There is none, or it is not a static x86-64 program.</exception>
    internal static byte[] Read()
    {
        string path = Environment.GetEnvironmentVariable("INITRUNTIME_INIT") is { Length: > 0 } named
            ? named
            : Candidates(AppContext.BaseDirectory).FirstOrDefault(File.Exists) ?? throw new BuildException(
                "the program for /init is missing", "./initruntime in the repository makes it; or set INITRUNTIME_INIT to its path");
        byte[] program;
        try
        {
            program = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path} cannot be read: {e.Message}", inner: e);
        }

        return Problem(program) is { } problem ? throw new BuildException($"{path} cannot be /init: {problem}") : program;
    }

    /// <summary>Where it may be, best first.</summary>
    internal static IEnumerable<string> Candidates(string baseDirectory)
    {
        yield return Path.Combine(baseDirectory, Name);
        for (DirectoryInfo? directory = new(baseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "InitRuntime.sln")))
            {
                yield return Path.Combine(directory.FullName, "out", Name);
            }
        }
    }

    /// <summary>Why a program would not run as the first of an otherwise empty system; null if it does.</summary>
    internal static string? Problem(ReadOnlySpan<byte> program)
    {
        // ELF header and program headers of elf(5): 64-bit, little endian, EM_X86_64 = 62, PT_INTERP = 3.
        if (program.Length < ElfHeaderSize || program[0] != 0x7f || !program[1..4].SequenceEqual("ELF"u8))
        {
            return "it is not an ELF program";
        }

        if (program[4] != 2 || program[5] != 1 || program[18] != 62 || program[19] != 0)
        {
            return "it is not for x86-64";
        }

        ulong table = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(program[32..]);
        int size = System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(program[54..]);
        int count = System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(program[56..]);
        if (size < 4 || table > (ulong)program.Length || (ulong)size * (ulong)count > (ulong)program.Length - table)
        {
            return "its program headers lie outside of it";
        }

        for (int i = 0; i < count; i++)
        {
            if (System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(program[((int)table + (i * size))..]) == 3)
            {
                return "it is linked dynamically: in the initramfs there is nothing to link with";
            }
        }

        return null;
    }
}
