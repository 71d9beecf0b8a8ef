using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.BootGuard;

/// <summary>
/// <c>BGENV.DAT</c>, by which EFI Boot Guard chooses what to boot. Source: <c>BG_ENVDATA</c> of include/envdata.h, little
/// endian. It is not signed: all of it is hostile, and its CRC finds accidents only.
/// </summary>
public sealed record BootGuardEnvironment
{
    /// <summary>Of the file in the root directory of a loader's partition.</summary>
    public const string FileName = "BGENV.DAT";

    /// <summary>Length of the file in Debian's build of EFI Boot Guard, in bytes.</summary>
    public const int DefaultSize = SmallestSize + 131072;

    /// <summary>The largest file that is read, in bytes: the user area is a choice of the loader's build.</summary>
    public const int MaximumSize = 16 << 20;

    /// <summary>The longest kernel file name or command line, in UTF-16 units without the NUL.</summary>
    public const int MaximumTextLength = TextUnits - 1;

    private const int TextUnits = 255;
    private const int TextSize = TextUnits * sizeof(char);
    internal const int InProgressAt = 2 * TextSize;
    internal const int UpdateStateAt = InProgressAt + 1;
    private const int WatchdogAt = UpdateStateAt + 1;
    private const int RevisionAt = WatchdogAt + sizeof(ushort);
    internal const int UserAreaAt = RevisionAt + sizeof(uint);
    private const int CrcSize = sizeof(uint);
    private const int SmallestSize = UserAreaAt + CrcSize;

    /// <summary>What is booted: <c>C:LABEL:path</c>, <c>L:LABEL:path</c> or a path. At most 254 UTF-16 units.</summary>
    public required string KernelFile { get; init; }

    /// <summary>What is added to the kernel's command line. At most 254 UTF-16 units.</summary>
    public required string KernelParameters { get; init; }

    /// <summary>Whether an update is being written: the loader then boots the other environment.</summary>
    public required bool InProgress { get; init; }

    /// <summary>How far the image is on trial.</summary>
    public required UpdateState UpdateState { get; init; }

    /// <summary>Time until the watchdog that the loader arms resets the machine, in seconds; 0 arms none.</summary>
    public required ushort WatchdogTimeoutSeconds { get; init; }

    /// <summary>The highest wins; 0 for one that failed.</summary>
    public required uint Revision { get; init; }

    /// <summary>The user variables.</summary>
    public IReadOnlyList<BootGuardVariable> UserVariables { get; init; } = [];

    /// <summary>Why the user variables could not be read, if so; the rest is good all the same, as for the loader.</summary>
    public ParseError UserVariablesError { get; init; }

    /// <summary>Length of the file, in bytes.</summary>
    public int Size { get; init; } = DefaultSize;

    /// <summary>Reads a whole file; its length tells that of the user area.</summary>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out BootGuardEnvironment? value, out ParseError error)
    {
        value = null;
        error = file.Length < SmallestSize ? new("cut short")
            : file.Length > MaximumSize ? new($"{file.Length} bytes, at most {MaximumSize} are read")
            : default;
        if (error.IsError)
        {
            return false;
        }

        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(file[^CrcSize..]);
        uint actual = Crc32.Of(file[..^CrcSize]);
        byte inProgress = file[InProgressAt];
        byte updateState = file[UpdateStateAt];
        string? kernelFile = ReadText(file[..TextSize]);
        string? kernelParameters = ReadText(file.Slice(TextSize, TextSize));
        error = crc != actual ? new($"CRC {actual:x8}, the file says {crc:x8}")
            : kernelFile is null ? new("the kernel file has no end")
            : kernelParameters is null ? new("the kernel parameters have no end")
            : inProgress > 1 ? new($"in_progress {inProgress}, wanted 0 or 1")
            : updateState > (byte)UpdateState.Unknown ? new($"ustate {updateState}, wanted 0 to {(byte)UpdateState.Unknown}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        _ = BootGuardVariable.TryParseAll(
            file[UserAreaAt..^CrcSize], out IReadOnlyList<BootGuardVariable> variables, out ParseError variablesError);
        value = new BootGuardEnvironment
        {
            KernelFile = kernelFile!,
            KernelParameters = kernelParameters!,
            InProgress = inProgress == 1,
            UpdateState = (UpdateState)updateState,
            WatchdogTimeoutSeconds = BinaryPrimitives.ReadUInt16LittleEndian(file[WatchdogAt..]),
            Revision = BinaryPrimitives.ReadUInt32LittleEndian(file[RevisionAt..]),
            UserVariables = variables,
            UserVariablesError = variablesError,
            Size = file.Length,
        };
        return true;
    }

    /// <summary>The whole file. Write it in place, at full length: a file that is cut first can be lost.</summary>
    /// <exception cref="ArgumentException">A text or the user variables do not fit.</exception>
    public byte[] ToBytes()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, SmallestSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Size, MaximumSize);
        byte[] file = new byte[Size];
        WriteText(KernelFile, file.AsSpan(0, TextSize));
        WriteText(KernelParameters, file.AsSpan(TextSize, TextSize));
        file[InProgressAt] = InProgress ? (byte)1 : (byte)0;
        file[UpdateStateAt] = (byte)UpdateState;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(WatchdogAt), WatchdogTimeoutSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(RevisionAt), Revision);
        BootGuardVariable.WriteAll(UserVariables, Size - SmallestSize).CopyTo(file, UserAreaAt);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(Size - CrcSize), Crc32.Of(file.AsSpan(0, Size - CrcSize)));
        return file;
    }

    /// <summary>The environment that the loader takes for the latest: of the highest revision, the first of equals; -1 of none.</summary>
    public static int IndexOfLatest(IReadOnlyList<BootGuardEnvironment?> environments)
    {
        ArgumentNullException.ThrowIfNull(environments);
        int latest = -1;
        for (int i = 0; i < environments.Count; i++)
        {
            if (environments[i] is { } candidate && (latest < 0 || candidate.Revision > environments[latest]!.Revision))
            {
                latest = i;
            }
        }

        return latest;
    }

    private static string? ReadText(ReadOnlySpan<byte> field)
    {
        Span<char> text = stackalloc char[TextUnits];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(field[(i * sizeof(char))..]);
        }

        int end = text.IndexOf('\0');
        return end < 0 ? null : new string(text[..end]);
    }

    private static void WriteText(string text, Span<byte> field)
    {
        if (text.Length > MaximumTextLength || text.Contains('\0'))
        {
            throw new ArgumentException($"\"{text}\" has more than {MaximumTextLength} UTF-16 units, or a NUL", nameof(text));
        }

        for (int i = 0; i < text.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(field[(i * sizeof(char))..], text[i]);
        }
    }
}
