using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>The blocks of an EROFS image that were looked at, in memory, to be changed there. Numbers are little-endian.</summary>
internal sealed class ErofsBlocks(FileStream image, int blockBits)
{
    private readonly Dictionary<uint, byte[]> _blocks = [];
    private readonly byte[] _other = new byte[1 << blockBits];

    internal int BlockLength => 1 << blockBits;

    /// <summary>A whole block.</summary>
    /// <exception cref="BuildException">The image ends before it.</exception>
    internal byte[] this[uint block]
    {
        get
        {
            if (!_blocks.TryGetValue(block, out byte[]? bytes))
            {
                bytes = new byte[BlockLength];
                Read(block, bytes);
                _blocks.Add(block, bytes);
            }

            return bytes;
        }
    }

    /// <summary>Writes a block, as it was changed.</summary>
    internal void Write(uint block, Stream output)
    {
        if (!_blocks.TryGetValue(block, out byte[]? bytes))
        {
            bytes = _other;
            Read(block, bytes);
        }

        output.Write(bytes);
    }

    internal uint BlockOf(long position) => (uint)(position >> blockBits);

    /// <summary>A field; none lies in two blocks.</summary>
    internal Span<byte> At(long position, int length) => this[BlockOf(position)].AsSpan((int)(position & (BlockLength - 1)), length);

    internal ushort ReadUInt16(long position) => BinaryPrimitives.ReadUInt16LittleEndian(At(position, sizeof(ushort)));

    internal uint ReadUInt32(long position) => BinaryPrimitives.ReadUInt32LittleEndian(At(position, sizeof(uint)));

    internal ulong ReadUInt64(long position) => BinaryPrimitives.ReadUInt64LittleEndian(At(position, sizeof(ulong)));

    /// <summary>Adds modulo 2^32.</summary>
    internal void Add(long position, uint difference) =>
        BinaryPrimitives.WriteUInt32LittleEndian(At(position, sizeof(uint)), unchecked(ReadUInt32(position) + difference));

    private void Read(uint block, byte[] bytes)
    {
        if (RandomAccess.Read(image.SafeFileHandle, bytes, (long)block << blockBits) != bytes.Length)
        {
            throw new BuildException($"mkfs.erofs: the file system refers to block {block}, which it does not have");
        }
    }
}
