using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace InitRuntime.Formats.BootGuard;

/// <summary>
/// One user variable of an environment. Source: env/uservars.c and include/ebgenv.h of EFI Boot Guard. Nobody signs these:
/// they are text from outside.
/// </summary>
/// <param name="Name">ASCII, not empty.</param>
/// <param name="Type">What the data is: one of the constants here or a number of someone else's.</param>
/// <param name="Data">The value; of a text with its NUL.</param>
public sealed record BootGuardVariable(string Name, ulong Type, byte[] Data)
{
    /// <summary>A text of ASCII that ends with NUL: what <c>bg_setenv --uservar</c> makes.</summary>
    public const ulong TextType = 32;

    /// <summary>One byte: 0 or 1.</summary>
    public const ulong BooleanType = 64;

    /// <summary>Set in the type of a variable that is to be deleted.</summary>
    public const ulong DeletedFlag = 1UL << 63;

    private const int LengthSize = sizeof(uint);
    private const int TypeSize = sizeof(ulong);
    private const int MaximumVariables = 4096;

    /// <summary>A text variable.</summary>
    public static BootGuardVariable OfText(string name, string text) => new(name, TextType, [.. Encoding.ASCII.GetBytes(text), 0]);

    /// <summary>The text up to its NUL, or null when this is no text.</summary>
    public string? Text
    {
        get
        {
            int end = Data.AsSpan().IndexOf((byte)0);
            return Type == TextType && end >= 0 && end == Data.Length - 1 && Ascii.IsValid(Data) ? Encoding.ASCII.GetString(Data.AsSpan(0, end)) : null;
        }
    }

    /// <summary>Length of its record in the user area, in bytes.</summary>
    internal int RecordLength => Name.Length + 1 + LengthSize + TypeSize + Data.Length;

    /// <summary>Where its type stands in the record, in bytes.</summary>
    internal int TypeOffset => Name.Length + 1 + LengthSize;

    /// <summary>Reads the list at the front of an environment's user area; it ends at an empty name.</summary>
    public static bool TryParseAll(ReadOnlySpan<byte> area, out IReadOnlyList<BootGuardVariable> variables, out ParseError error)
    {
        var found = new List<BootGuardVariable>();
        variables = found;
        var reader = new SpanReader(area);
        while (reader.Remaining > 0)
        {
            int nameLength = area[reader.Position..].IndexOf((byte)0);
            if (nameLength == 0)
            {
                break;
            }

            ReadOnlySpan<byte> name = nameLength < 0 ? default : reader.Bytes(nameLength);
            reader.Skip(1);
            uint payloadLength = reader.U32();
            ulong type = reader.U64();
            error = nameLength < 0 || reader.Overrun ? new($"user variable {found.Count}: cut short")
                : !Ascii.IsValid(name) ? new($"user variable {found.Count}: the name is not ASCII")
                : payloadLength < LengthSize + TypeSize || payloadLength - LengthSize - TypeSize > (uint)reader.Remaining
                    ? new($"user variable {found.Count}: length {payloadLength}")
                : found.Count == MaximumVariables ? new($"more than {MaximumVariables} user variables")
                : default;
            if (error.IsError)
            {
                variables = [];
                return false;
            }

            ReadOnlySpan<byte> data = reader.Bytes((int)payloadLength - LengthSize - TypeSize);
            found.Add(new BootGuardVariable(Encoding.ASCII.GetString(name), type, data.ToArray()));
        }

        error = default;
        return true;
    }

    /// <summary>The list as bytes of a user area of this length, the rest zero.</summary>
    /// <exception cref="ArgumentException">They do not fit, or a name is empty, there twice or not ASCII.</exception>
    public static byte[] WriteAll(IReadOnlyList<BootGuardVariable> variables, int areaLength)
    {
        ArgumentNullException.ThrowIfNull(variables);
        using var area = new MemoryStream();
        var names = new HashSet<string>();
        Span<byte> number = stackalloc byte[TypeSize];
        foreach (BootGuardVariable variable in variables)
        {
            if (variable.Name.Length == 0 || !Ascii.IsValid(variable.Name) || variable.Name.Contains('\0') || !names.Add(variable.Name))
            {
                throw new ArgumentException(
                    $"user variable name \"{variable.Name}\" is empty, not ASCII or there twice", nameof(variables));
            }

            area.Write(Encoding.ASCII.GetBytes(variable.Name));
            area.WriteByte(0);
            BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)(LengthSize + TypeSize + variable.Data.Length));
            area.Write(number[..LengthSize]);
            BinaryPrimitives.WriteUInt64LittleEndian(number, variable.Type);
            area.Write(number);
            area.Write(variable.Data);
        }

        // The loader's tools want one zero behind the last variable.
        if (variables.Count > 0 && area.Length >= areaLength)
        {
            throw new ArgumentException($"the user variables take {area.Length} bytes, there are {areaLength}", nameof(variables));
        }

        area.SetLength(areaLength);
        return area.ToArray();
    }
}
