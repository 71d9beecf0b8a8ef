using System;
using System.Buffers.Binary;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.BootGuard;

/// <summary>
/// Changes how far an image is on trial by one write that a power cut cannot tear.
/// </summary>
/// <remarks>
/// The state and the CRC stand in different sectors: a cut between the two writes leaves an environment that EFI Boot Guard passes over,
/// and an image that was just confirmed is rolled back. So the CRC stays as it is, and four bytes make it come out right: they are behind
/// the end of the kernel parameters, where nothing is read, in the sector of the state.
/// </remarks>
public static class BootGuardStateChange
{
    private const int BridgeSize = sizeof(uint);

    /// <summary>
    /// At the end of the kernel parameters' field: in one sector with <c>in_progress</c> and <c>ustate</c> behind it. The field's last unit
    /// stays zero, since the loader's tools make it so before they look at the CRC (tools/bg_envtools.c, get_env).
    /// </summary>
    private const int BridgeAt = BootGuardEnvironment.InProgressAt - sizeof(char) - BridgeSize;

    /// <summary>The file with another state, and with no update being written.</summary>
    /// <param name="file">A valid file.</param>
    /// <param name="state">What it shall say.</param>
    /// <exception cref="ArgumentException">The file is not valid.</exception>
    public static byte[] Set(ReadOnlySpan<byte> file, UpdateState state)
    {
        if (!BootGuardEnvironment.TryParse(file, out BootGuardEnvironment? environment, out ParseError error))
        {
            throw new ArgumentException(error.Message, nameof(file));
        }

        if (environment.KernelParameters.Length > BootGuardEnvironment.MaximumTextLength - 1 - (BridgeSize / sizeof(char)))
        {
            // No room: two sectors change, and a cut between them is as if it was never confirmed.
            return (environment with { UpdateState = state, InProgress = false }).ToBytes();
        }

        byte[] changed = file.ToArray();
        Span<byte> changing = changed.AsSpan(BridgeAt, BootGuardEnvironment.UpdateStateAt + 1 - BridgeAt);
        uint before = Crc32.Of(file[..BridgeAt]);
        uint wanted = Crc32.Append(before, changing);
        changed[BootGuardEnvironment.InProgressAt] = 0;
        changed[BootGuardEnvironment.UpdateStateAt] = (byte)state;
        BinaryPrimitives.WriteUInt32LittleEndian(changing, Crc32.Bridge(before, changing[BridgeSize..], wanted));
        return changed;
    }
}
