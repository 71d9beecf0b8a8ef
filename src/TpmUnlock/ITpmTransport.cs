using System;

namespace InitRuntime.TpmUnlock;

/// <summary>The way to a TPM 2.0: the kernel's device, or a software TPM's socket.</summary>
public interface ITpmTransport : IDisposable
{
    /// <summary>Sends one command and waits for its answer.</summary>
    /// <param name="command">The whole command.</param>
    /// <param name="answer">Where the answer goes.</param>
    /// <param name="timeLimit">How long the TPM may take.</param>
    /// <returns>The answer's length in bytes, or -1 when the time is over: the TPM must not be used any more.</returns>
    int Exchange(ReadOnlySpan<byte> command, Span<byte> answer, TimeSpan timeLimit);
}
