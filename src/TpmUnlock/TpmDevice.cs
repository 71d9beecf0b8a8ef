using System;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// The kernel's TPM with its resource manager, which swaps objects and sessions in and out and drops them when this is closed. TIS
/// and CRB hardware look the same here.
/// </summary>
public sealed class TpmDevice : ITpmTransport
{
    /// <summary>The device of the first TPM 2.0.</summary>
    public const string DefaultPath = "/dev/tpmrm0";

    private readonly MessageDevice _device;

    private TpmDevice(MessageDevice device) => _device = device;

    /// <summary>Opens the device.</summary>
    /// <exception cref="TpmException"><see cref="TpmFailure.NoDevice"/>: there is no TPM 2.0, or its driver is not loaded.</exception>
    /// <exception cref="SyscallException">It is there, but cannot be opened.</exception>
    public static TpmDevice Open(string path = DefaultPath)
    {
        try
        {
            return new(MessageDevice.Open(path));
        }
        catch (SyscallException e) when (e.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ENXIO)
        {
            throw new TpmException(TpmFailure.NoDevice, $"no TPM 2.0: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public int Exchange(ReadOnlySpan<byte> command, Span<byte> answer, TimeSpan timeLimit)
    {
        try
        {
            _device.Send(command);
            return _device.Receive(answer, Deadline.After(timeLimit));
        }
        catch (SyscallException e)
        {
            throw new TpmException(TpmFailure.Device, $"the TPM's device failed: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
