using System;
using System.Buffers.Binary;
using System.Numerics;

namespace InitRuntime.Crypto;

/// <summary>
/// The CRC-32C of RFC 3720, appendix B.4 (Castagnoli's polynomial): that of the superblocks of ext4, XFS and btrfs. It finds
/// accidents, not attacks.
/// </summary>
public static class Crc32C
{
    /// <summary>The CRC of one whole message.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The CRC of a message whose front part has the CRC <paramref name="crc"/> (0 for an empty one).</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
