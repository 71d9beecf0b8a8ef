using System;
using System.Buffers.Binary;
using InitRuntime.TpmUnlock;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>Sits on the bus between us and the TPM.</summary>
internal sealed class FaultyTransport(ITpmTransport inner, FaultyTransport.Fault fault) : ITpmTransport
{
    /// <summary>Sees each command with its number, counted from 1; asks the TPM or not, and gives the answer's length.</summary>
    internal delegate int Fault(int number, ReadOnlySpan<byte> command, Span<byte> answer, ITpmTransport inner);

    private int _number;

    public int Exchange(ReadOnlySpan<byte> command, Span<byte> answer, TimeSpan timeLimit) => fault(++_number, command, answer, inner);

    public void Dispose() => inner.Dispose();

    /// <summary>The command's code.</summary>
    internal static uint Code(ReadOnlySpan<byte> command) => BinaryPrimitives.ReadUInt32BigEndian(command[6..]);

    /// <summary>Writes an answer that is only a response code.</summary>
    internal static int Answer(Span<byte> answer, uint code)
    {
        BinaryPrimitives.WriteUInt16BigEndian(answer, 0x8001);
        BinaryPrimitives.WriteUInt32BigEndian(answer[2..], 10);
        BinaryPrimitives.WriteUInt32BigEndian(answer[6..], code);
        return 10;
    }
}
