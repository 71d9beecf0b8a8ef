using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>What a 64-bit x86 program or library asks for before it runs. Source: elf(5).</summary>
/// <param name="Interpreter">Path of the dynamic linker; null for a static program or a library.</param>
/// <param name="Libraries">Names of the libraries it needs.</param>
/// <param name="SearchPath">Where it wants them to be looked for first, as it says it.</param>
internal sealed record ElfProgram(string? Interpreter, IReadOnlyList<string> Libraries, string? SearchPath)
{
    private const int HeaderLength = 64;
    private const int EntryLength = 56;
    private const ushort X86 = 62;
    private const uint Load = 1;
    private const uint Dynamic = 2;
    private const uint InterpreterName = 3;
    private const ulong Needed = 1;
    private const ulong StringTable = 5;
    private const ulong RunPathOld = 15;
    private const ulong RunPath = 29;

    /// <summary>Reads one; null if it is none, or damaged.</summary>
    internal static ElfProgram? TryRead(byte[] file)
    {
        try
        {
            return Read(file);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static ElfProgram? Read(byte[] file)
    {
        if (file.Length < HeaderLength || !file.AsSpan().StartsWith("\x7f"u8) || !file.AsSpan(1).StartsWith("ELF"u8) || file[4] != 2 || file[5] != 1 || U16(file, 18) != X86
            || U16(file, 54) != EntryLength)
        {
            return null;
        }

        var loaded = new List<(ulong Address, ulong Offset, ulong Length)>();
        string? interpreter = null;
        (ulong Offset, ulong Length)? dynamic = null;
        for (int i = 0; i < U16(file, 56); i++)
        {
            int entry = checked((int)U64(file, 32) + (i * EntryLength));
            (ulong offset, ulong address, ulong length) = (U64(file, entry + 8), U64(file, entry + 16), U64(file, entry + 32));
            switch (U32(file, entry))
            {
                case Load: loaded.Add((address, offset, length)); break;
                case Dynamic: dynamic = (offset, length); break;
                case InterpreterName: interpreter = Text(file, offset); break;
                default: break;
            }
        }

        if (dynamic is not { } table)
        {
            return new(interpreter, [], null);
        }

        var needed = new List<ulong>();
        ulong? strings = null, path = null;
        for (ulong at = table.Offset; at + 16 <= table.Offset + table.Length && U64(file, checked((int)at)) != 0; at += 16)
        {
            ulong value = U64(file, checked((int)at + 8));
            switch (U64(file, checked((int)at)))
            {
                case Needed: needed.Add(value); break;
                case StringTable: strings = value; break;
                case RunPath or RunPathOld: path = value; break;
                default: break;
            }
        }

        if (strings is not { } address0 || loaded.Find(part => address0 >= part.Address && address0 - part.Address < part.Length) is not { Length: > 0 } holder)
        {
            return needed.Count == 0 ? new(interpreter, [], null) : null;
        }

        ulong start = address0 - holder.Address + holder.Offset;
        return new(interpreter, needed.ConvertAll(name => Text(file, start + name)), path is { } named ? Text(file, start + named) : null);
    }

    private static string Text(byte[] file, ulong offset)
    {
        ReadOnlySpan<byte> rest = file.AsSpan(checked((int)offset));
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static ushort U16(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static uint U32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static ulong U64(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
}
