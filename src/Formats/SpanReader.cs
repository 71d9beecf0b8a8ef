using System;
using System.Buffers.Binary;

namespace InitRuntime.Formats;

/// <summary>
/// Reads fields from untrusted bytes, front to back. Past the end it yields zeros and sets <see cref="Overrun"/>, so that a
/// parser reads all, then checks once. Little endian unless the name says otherwise.
/// </summary>
public ref struct SpanReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Whether anything was read past the end.</summary>
    public bool Overrun { get; private set; }

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _data.Length - Position;

    /// <summary>The next <paramref name="count"/> bytes, or an empty span past the end.</summary>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > Remaining)
        {
            Overrun = true;
            Position = _data.Length;
            return default;
        }

        ReadOnlySpan<byte> taken = _data.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>Passes over <paramref name="count"/> bytes.</summary>
    public void Skip(int count) => Bytes(count);

    /// <summary>One byte.</summary>
    public byte U8() => Bytes(1) is { Length: 1 } b ? b[0] : (byte)0;

    /// <summary>Two bytes, little endian.</summary>
    public ushort U16() => Bytes(2) is { Length: 2 } b ? BinaryPrimitives.ReadUInt16LittleEndian(b) : (ushort)0;

    /// <summary>Four bytes, little endian.</summary>
    public uint U32() => Bytes(4) is { Length: 4 } b ? BinaryPrimitives.ReadUInt32LittleEndian(b) : 0;

    /// <summary>Eight bytes, little endian.</summary>
    public ulong U64() => Bytes(8) is { Length: 8 } b ? BinaryPrimitives.ReadUInt64LittleEndian(b) : 0;

    /// <summary>Two bytes, big endian.</summary>
    public ushort U16BigEndian() => Bytes(2) is { Length: 2 } b ? BinaryPrimitives.ReadUInt16BigEndian(b) : (ushort)0;

    /// <summary>Four bytes, big endian.</summary>
    public uint U32BigEndian() => Bytes(4) is { Length: 4 } b ? BinaryPrimitives.ReadUInt32BigEndian(b) : 0;

    /// <summary>Eight bytes, big endian.</summary>
    public ulong U64BigEndian() => Bytes(8) is { Length: 8 } b ? BinaryPrimitives.ReadUInt64BigEndian(b) : 0;
}
