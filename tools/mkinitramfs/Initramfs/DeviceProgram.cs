using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>A program of this project that runs on the device: made from its directory in src, carried beside this program.</summary>
/// <param name="Name">Its file, here and in out/ of the repository.</param>
/// <param name="Variable">The environment variable that can name another file.</param>
/// <param name="Place">Where it is on the device, for messages.</param>
internal sealed record DeviceProgram(string Name, string Variable, string Place)
{
    /// <summary>Length of an ELF header of 64-bit programs, in bytes.</summary>
    private const int ElfHeaderSize = 64;

    /// <summary>What becomes <c>/init</c>.</summary>
    internal static DeviceProgram Init { get; } = new("init", "INITRUNTIME_INIT", "/init");

    /// <summary>The control program in the root.</summary>
    internal static DeviceProgram Control { get; } = new("initruntime-ctl", "INITRUNTIME_CTL", "/usr/bin/initruntime-ctl");

    /// <summary>Its bytes.</summary>
    /// <param name="path">Where it is; if not given, <see cref="Find"/> tells.</param>
    /// <exception cref="BuildException">There is none, or it is not a static x86-64 program.</exception>
    internal byte[] Read(string? path = null) => Read(path ?? Find(), Place);

    /// <summary>Where it is: the variable's file, else that beside this program, else that in <c>out/</c> of the repository above it.</summary>
    /// <exception cref="BuildException">There is none.</exception>
    internal string Find() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? named
        : Candidates(AppContext.BaseDirectory).FirstOrDefault(File.Exists) ?? throw new BuildException(
            $"the program for {Place} is missing", $"./initruntime in the repository makes it; or set {Variable} to its path");

    /// <summary>The bytes of a program for a device.</summary>
    /// <param name="path">Where it is here.</param>
    /// <param name="place">Where it is on the device, for messages.</param>
    /// <exception cref="BuildException">It cannot be read, or is not a static x86-64 program.</exception>
    internal static byte[] Read(string path, string place)
    {
        byte[] program;
        try
        {
            program = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path} cannot be read: {e.Message}", inner: e);
        }

        return Problem(program) is { } problem ? throw new BuildException($"{path} cannot be {place}: {problem}") : program;
    }

    /// <summary>Where it may be, best first.</summary>
    internal IEnumerable<string> Candidates(string baseDirectory)
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

    /// <summary>Why a program would not run in an otherwise empty system; null if it does.</summary>
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
                return "it is linked dynamically: where it runs there may be nothing to link with";
            }
        }

        return null;
    }
}
