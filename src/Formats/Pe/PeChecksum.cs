using System;
using System.Buffers.Binary;

namespace InitRuntime.Formats.Pe;

/// <summary>
/// The CheckSum of a PE header, from a file's bytes in any number of pieces: the one's complement sum of its 16-bit words, its
/// own field taken as zero, plus the file's length (imagehlp's CheckSumMappedFile).
/// </summary>
public struct PeChecksum
{
    private ulong _sum;
    private long _length;

    /// <summary>Takes the next bytes of the file; where the CheckSum field is, they must be zero.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        int i = 0;
        if ((_length & 1) != 0)
        {
            _sum += (ulong)bytes[0] << 8;
            i = 1;
        }

        // A 64-bit sum of 16-bit words has room for 2^48 of them, so carries can be folded at the end.
        for (; i + 1 < bytes.Length; i += 2)
        {
            _sum += BinaryPrimitives.ReadUInt16LittleEndian(bytes[i..]);
        }

        if (i < bytes.Length)
        {
            _sum += bytes[i];
        }

        _length += bytes.Length;
    }

    /// <summary>The checksum of all bytes so far.</summary>
    public readonly uint Value
    {
        get
        {
            ulong folded = _sum;
            while (folded > ushort.MaxValue)
            {
                folded = (folded & ushort.MaxValue) + (folded >> 16);
            }

            return unchecked((uint)folded + (uint)_length);
        }
    }
}
