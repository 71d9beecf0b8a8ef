using System;
using System.Buffers.Binary;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.BootGuard;

/// <summary>
/// Takes a user variable's meaning away by one write that a power cut cannot tear: of a request that was fulfilled.
/// </summary>
/// <remarks>
/// Removing the variable would change two places: its own, and the CRC at the file's end, 128 KiB behind. A cut between them leaves an
/// environment with a wrong CRC, which EFI Boot Guard passes over (env/fatvars.c, load_config): it starts the older environment's image,
/// a roll-back that nobody asked for, and where the other environment is no good either, whatever stands in the first one. So only the
/// eight bytes of the variable's type change: the upper four become a mark, and the lower four what makes the file's CRC come out as
/// before. They stand in one sector but for 7 of 512 places (there a cut between two neighbouring sectors does have the consequence
/// above). The tools show the variable as one of a type that cannot be printed, and can set it again or delete it.
/// </remarks>
public static class BootGuardWithdrawal
{
    /// <summary>
    /// In the upper half of the type, which is for users: the loader's own types are in the lower one (USERVAR_STANDARD_TYPE_MASK of
    /// include/ebgenv.h), and its flags are bits 62 and 63. It keeps clear of both.
    /// </summary>
    private const uint Mark = 0x24697277;

    private const int HalfLength = sizeof(uint);

    /// <summary>Whether a variable's meaning was taken away.</summary>
    public static bool IsWithdrawn(BootGuardVariable variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return (uint)(variable.Type >> 32) == Mark;
    }

    /// <summary>The file with every variable of this name withdrawn, and with the same CRC; null if there is nothing to withdraw.</summary>
    public static byte[]? TryWithdraw(ReadOnlySpan<byte> file, string name)
    {
        if (!BootGuardEnvironment.TryParse(file, out BootGuardEnvironment? environment, out _))
        {
            return null;
        }

        byte[]? changed = null;
        int at = BootGuardEnvironment.UserAreaAt;
        foreach (BootGuardVariable variable in environment.UserVariables)
        {
            if (variable.Name == name && !IsWithdrawn(variable))
            {
                changed ??= file.ToArray();
                Withdraw(changed, at + variable.TypeOffset);
            }

            at += variable.RecordLength;
        }

        return changed;
    }

    private static void Withdraw(Span<byte> file, int typeAt)
    {
        uint before = Crc32.Of(file[..typeAt]);
        Span<byte> type = file.Slice(typeAt, 2 * HalfLength);
        uint wanted = Crc32.Append(before, type);
        BinaryPrimitives.WriteUInt32LittleEndian(type[HalfLength..], Mark);
        BinaryPrimitives.WriteUInt32LittleEndian(type, Crc32.Bridge(before, type[HalfLength..], wanted));
    }
}
