using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// BLAKE2b without a key, for <see cref="Argon2"/>: its whole state is in the caller's frame and wiped by Dispose.
/// Source: RFC 7693.
/// </summary>
internal ref struct Blake2b : IDisposable
{
    internal const int MaximumLength = 64;

    private const int BlockLength = 128;
    private const int Rounds = 12;

    private readonly int _resultLength;
    private State _state;
    private Block _block;
    private int _filled;
    private ulong _taken;

    /// <param name="resultLength">In bytes, 1 to 64; it is part of what is hashed.</param>
    internal Blake2b(int resultLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resultLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(resultLength, MaximumLength);
        _resultLength = resultLength;
        InitialState.CopyTo(_state);
        _state[0] ^= 0x01010000u ^ (uint)resultLength;
    }

    // As SHA-512's: RFC 7693, 2.6.
    private static ReadOnlySpan<ulong> InitialState => Sha512Block.InitialState;

    /// <summary>Which word of the message each of the 16 steps of a round takes (RFC 7693, 2.7); rounds 10 and 11 are 0 and 1 again.</summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
    ];

    internal void Append(scoped ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            // A full block waits for more: the last one is mixed with another flag.
            if (_filled == BlockLength)
            {
                _taken += BlockLength;
                Compress(last: false);
                _filled = 0;
            }

            int taken = Math.Min(data.Length, BlockLength - _filled);
            data[..taken].CopyTo(((Span<byte>)_block)[_filled..]);
            data = data[taken..];
            _filled += taken;
        }
    }

    /// <summary>Takes in a number as four bytes, little endian.</summary>
    internal void Append(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Append(bytes);
    }

    /// <summary>Writes the digest to the front of <paramref name="result"/>. The object is used up.</summary>
    internal void Finish(scoped Span<byte> result)
    {
        _taken += (ulong)_filled;
        ((Span<byte>)_block)[_filled..].Clear();
        Compress(last: true);
        Span<byte> bytes = stackalloc byte[MaximumLength];
        for (int i = 0; i < 8; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(8 * i)..], _state[i]);
        }

        bytes[.._resultLength].CopyTo(result);
        CryptographicOperations.ZeroMemory(bytes);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<ulong>)_state));
        CryptographicOperations.ZeroMemory(_block);
    }

    private void Compress(bool last)
    {
        Span<ulong> work = stackalloc ulong[32];
        Span<ulong> v = work[..16];
        Span<ulong> m = work[16..];
        for (int i = 0; i < m.Length; i++)
        {
            m[i] = BinaryPrimitives.ReadUInt64LittleEndian(((ReadOnlySpan<byte>)_block)[(8 * i)..]);
        }

        ((ReadOnlySpan<ulong>)_state).CopyTo(v);
        InitialState.CopyTo(v[8..]);
        v[12] ^= _taken;
        v[14] = last ? ~v[14] : v[14];
        for (int round = 0; round < Rounds; round++)
        {
            ReadOnlySpan<byte> s = Schedule.Slice(16 * round, 16);
            Mix(ref v[0], ref v[4], ref v[8], ref v[12], m[s[0]], m[s[1]]);
            Mix(ref v[1], ref v[5], ref v[9], ref v[13], m[s[2]], m[s[3]]);
            Mix(ref v[2], ref v[6], ref v[10], ref v[14], m[s[4]], m[s[5]]);
            Mix(ref v[3], ref v[7], ref v[11], ref v[15], m[s[6]], m[s[7]]);
            Mix(ref v[0], ref v[5], ref v[10], ref v[15], m[s[8]], m[s[9]]);
            Mix(ref v[1], ref v[6], ref v[11], ref v[12], m[s[10]], m[s[11]]);
            Mix(ref v[2], ref v[7], ref v[8], ref v[13], m[s[12]], m[s[13]]);
            Mix(ref v[3], ref v[4], ref v[9], ref v[14], m[s[14]], m[s[15]]);
        }

        for (int i = 0; i < 8; i++)
        {
            _state[i] ^= v[i] ^ v[i + 8];
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(work));
    }

    /// <summary>RFC 7693, 3.1.</summary>
    private static void Mix(ref ulong a, ref ulong b, ref ulong c, ref ulong d, ulong x, ulong y)
    {
        unchecked
        {
            a += b + x;
            d = BitOperations.RotateRight(d ^ a, 32);
            c += d;
            b = BitOperations.RotateRight(b ^ c, 24);
            a += b + y;
            d = BitOperations.RotateRight(d ^ a, 16);
            c += d;
            b = BitOperations.RotateRight(b ^ c, 63);
        }
    }

    [InlineArray(8)]
    private struct State
    {
        private ulong _first;
    }

    [InlineArray(BlockLength)]
    private struct Block
    {
        private byte _first;
    }
}
