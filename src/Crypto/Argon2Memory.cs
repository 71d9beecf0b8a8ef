using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>The matrix of 1 KiB blocks that Argon2 fills. Source: RFC 9106, 3.2 and 3.4.</summary>
internal readonly struct Argon2Memory
{
    private const uint Slices = 4;
    private const int BlockLength = 1024;
    private const int VectorsOfBlock = BlockLength / 16;

    /// <summary>References that one block of addresses gives.</summary>
    private const uint AddressesOfBlock = 128;

    private readonly Argon2Variant _variant;
    private readonly uint _passes;
    private readonly uint _lanes;
    private readonly uint _blocks;
    private readonly uint _laneLength;
    private readonly uint _segmentLength;
    private readonly Vector128<ulong>[] _memory;

    internal Argon2Memory(Argon2Variant variant, uint passes, uint memory, uint lanes)
    {
        _variant = variant;
        _passes = passes;
        _lanes = lanes;
        _segmentLength = memory / (Slices * lanes);
        _laneLength = _segmentLength * Slices;
        _blocks = _laneLength * lanes;
        _memory = GC.AllocateUninitializedArray<Vector128<ulong>>(checked((int)_blocks * VectorsOfBlock), pinned: true);
    }

    /// <summary>Fills the memory from H_0, writes the tag to <paramref name="key"/> and wipes the memory.</summary>
    internal void Run(ReadOnlySpan<byte> seed, Span<byte> key)
    {
        Span<Vector128<ulong>> scratch = stackalloc Vector128<ulong>[Argon2Mix.ScratchLength];
        try
        {
            FillFirstBlocks(seed);
            for (uint pass = 0; pass < _passes; pass++)
            {
                for (uint slice = 0; slice < Slices; slice++)
                {
                    for (uint lane = 0; lane < _lanes; lane++)
                    {
                        FillSegment(pass, slice, lane, scratch);
                    }
                }
            }

            Span<Vector128<ulong>> last = Block(0, _laneLength - 1);
            for (uint lane = 1; lane < _lanes; lane++)
            {
                Argon2Mix.Xor(last, Block(lane, _laneLength - 1));
            }

            Argon2.LongHash(MemoryMarshal.AsBytes(last), default, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(scratch));

            // By blocks: the whole is longer than one span of bytes can be.
            for (uint lane = 0; lane < _lanes; lane++)
            {
                for (uint column = 0; column < _laneLength; column++)
                {
                    CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(Block(lane, column)));
                }
            }
        }
    }

    private Span<Vector128<ulong>> Block(uint lane, uint column) =>
        _memory.AsSpan((int)((lane * _laneLength) + column) * VectorsOfBlock, VectorsOfBlock);

    private void FillFirstBlocks(ReadOnlySpan<byte> seed)
    {
        Span<byte> place = stackalloc byte[2 * sizeof(uint)];
        for (uint lane = 0; lane < _lanes; lane++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(place[sizeof(uint)..], lane);
            for (uint column = 0; column < 2; column++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(place, column);
                Argon2.LongHash(seed, place, MemoryMarshal.AsBytes(Block(lane, column)));
            }
        }
    }

    private void FillSegment(uint pass, uint slice, uint lane, Span<Vector128<ulong>> scratch)
    {
        bool byCounter = _variant == Argon2Variant.Argon2i || (pass == 0 && slice < Slices / 2);
        Span<Vector128<ulong>> addresses = stackalloc Vector128<ulong>[VectorsOfBlock];
        for (uint index = pass == 0 && slice == 0 ? 2u : 0u; index < _segmentLength; index++)
        {
            uint column = (slice * _segmentLength) + index;
            Span<Vector128<ulong>> previous = Block(lane, column == 0 ? _laneLength - 1 : column - 1);
            ulong random;
            if (byCounter)
            {
                uint place = index % AddressesOfBlock;
                if (place == 0 || (index == 2 && pass == 0 && slice == 0))
                {
                    MakeAddresses(pass, slice, lane, (index / AddressesOfBlock) + 1, addresses, scratch);
                }

                random = addresses[(int)place / 2][(int)place % 2];
            }
            else
            {
                random = previous[0][0];
            }

            (uint referenceLane, uint referenceColumn) = Reference(pass, slice, lane, index, random);
            Argon2Mix.Fill(previous, Block(referenceLane, referenceColumn), Block(lane, column), accumulate: pass != 0, scratch);
        }
    }

    /// <summary>The block of 128 references that a counter gives (RFC 9106, 3.4.1.2).</summary>
    private void MakeAddresses(uint pass, uint slice, uint lane, uint counter, Span<Vector128<ulong>> addresses, Span<Vector128<ulong>> scratch)
    {
        Span<Vector128<ulong>> work = stackalloc Vector128<ulong>[2 * VectorsOfBlock];
        work.Clear();
        Span<Vector128<ulong>> zero = work[..VectorsOfBlock];
        Span<Vector128<ulong>> input = work[VectorsOfBlock..];
        input[0] = Vector128.Create(pass, (ulong)lane);
        input[1] = Vector128.Create(slice, (ulong)_blocks);
        input[2] = Vector128.Create(_passes, (ulong)_variant);
        input[3] = Vector128.Create(counter, 0ul);
        Argon2Mix.Fill(zero, input, addresses, accumulate: false, scratch);
        Argon2Mix.Fill(zero, addresses, addresses, accumulate: false, scratch);
    }

    /// <summary>Which block 64 pseudo-random bits mean (RFC 9106, 3.4.2).</summary>
    private (uint Lane, uint Column) Reference(uint pass, uint slice, uint lane, uint index, ulong random)
    {
        uint referenceLane = pass == 0 && slice == 0 ? lane : (uint)((random >> 32) % _lanes);
        bool sameLane = referenceLane == lane;

        // Blocks to choose from: finished segments, and in the own lane those of this one without the previous block.
        uint finished = pass == 0 ? slice * _segmentLength : _laneLength - _segmentLength;
        uint area = sameLane ? finished + index - 1 : finished - (index == 0 ? 1u : 0u);
        ulong low = random & uint.MaxValue;
        ulong square = (low * low) >> 32;
        uint relative = area - 1 - (uint)((area * square) >> 32);
        uint start = pass == 0 || slice == Slices - 1 ? 0 : (slice + 1) * _segmentLength;
        return (referenceLane, (start + relative) % _laneLength);
    }
}
