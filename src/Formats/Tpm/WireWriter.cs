using System;
using System.Buffers.Binary;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// Writes big-endian TPM fields into a caller's buffer, front to back. Past the end it writes nothing and sets
/// <see cref="Overrun"/>, as <see cref="SpanReader"/> does for reading.
/// </summary>
public ref struct WireWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Bytes written so far.</summary>
    public int Position { get; private set; }

    /// <summary>Whether anything did not fit.</summary>
    public bool Overrun { get; private set; }

    /// <summary>What was written so far.</summary>
    public readonly Span<byte> Written => _buffer[..Position];

    /// <summary>Room for <paramref name="count"/> bytes that the caller fills; empty when it does not fit.</summary>
    public Span<byte> Reserve(int count)
    {
        if (count < 0 || count > _buffer.Length - Position)
        {
            Overrun = true;
            return default;
        }

        Span<byte> room = _buffer.Slice(Position, count);
        Position += count;
        return room;
    }

    /// <summary>Bytes as they are.</summary>
    public void Bytes(scoped ReadOnlySpan<byte> value)
    {
        Span<byte> room = Reserve(value.Length);
        if (room.Length == value.Length)
        {
            value.CopyTo(room);
        }
    }

    /// <summary>A TPM2B: two bytes of length, then the bytes.</summary>
    public void Sized(scoped ReadOnlySpan<byte> value)
    {
        if (value.Length > ushort.MaxValue)
        {
            Overrun = true;
            return;
        }

        U16((ushort)value.Length);
        Bytes(value);
    }

    /// <summary>Opens a TPM2B whose content is written next; <see cref="EndSized"/> closes it.</summary>
    public int BeginSized()
    {
        int start = Position;
        U16(0);
        return start;
    }

    /// <summary>Closes what <see cref="BeginSized"/> opened, setting its length.</summary>
    public void EndSized(int start)
    {
        int length = Position - start - sizeof(ushort);
        if (Overrun || length > ushort.MaxValue)
        {
            Overrun = true;
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(_buffer[start..], (ushort)length);
    }

    /// <summary>One byte.</summary>
    public void U8(byte value) => Bytes([value]);

    /// <summary>Two bytes.</summary>
    public void U16(ushort value)
    {
        if (Reserve(sizeof(ushort)) is { Length: sizeof(ushort) } room)
        {
            BinaryPrimitives.WriteUInt16BigEndian(room, value);
        }
    }

    /// <summary>Two bytes: an algorithm.</summary>
    public void Algorithm(AlgorithmId value) => U16((ushort)value);

    /// <summary>Four bytes.</summary>
    public void U32(uint value)
    {
        if (Reserve(sizeof(uint)) is { Length: sizeof(uint) } room)
        {
            BinaryPrimitives.WriteUInt32BigEndian(room, value);
        }
    }

    /// <summary>Four bytes at a place that was written before, for example a total length.</summary>
    public readonly void PatchU32(int position, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_buffer[position..], value);
}

/// <summary>Reads TPM fields that <see cref="SpanReader"/> does not know.</summary>
public static class WireReader
{
    /// <summary>The content of a TPM2B of at most <paramref name="maximumLength"/> bytes; a longer one counts as an overrun.</summary>
    public static ReadOnlySpan<byte> Sized(this scoped ref SpanReader reader, int maximumLength)
    {
        int length = reader.U16BigEndian();
        return reader.Bytes(length <= maximumLength ? length : -1);
    }

    /// <summary>Two bytes: an algorithm, which may be one not named in <see cref="AlgorithmId"/>.</summary>
    public static AlgorithmId Algorithm(this scoped ref SpanReader reader) => (AlgorithmId)reader.U16BigEndian();
}
