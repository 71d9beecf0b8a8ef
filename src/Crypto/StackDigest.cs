using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// A digest for messages that hold keys: all its state is in the caller's frame, nothing is allocated, and Dispose wipes it.
/// For anything else use <see cref="Digest"/>. Source: FIPS 180-4.
/// </summary>
public ref struct StackDigest : IDisposable
{
    private readonly DigestAlgorithm _algorithm;
    private readonly int _blockLength;
    private State _state;

    // The block that is being filled stands, as bytes, where the schedule wants its words.
    private Schedule _schedule;
    private int _filled;
    private ulong _length;

    /// <summary>A digest of the empty message so far.</summary>
    public StackDigest(DigestAlgorithm algorithm)
    {
        _algorithm = algorithm;
        _blockLength = algorithm.BlockLengthInBytes();
        Reset();
    }

    /// <summary>Takes in the next bytes of the message.</summary>
    public void Append(scoped ReadOnlySpan<byte> data)
    {
        _length += (ulong)data.Length;
        Span<byte> block = MemoryMarshal.AsBytes((Span<ulong>)_schedule)[.._blockLength];
        while (!data.IsEmpty)
        {
            int taken = Math.Min(data.Length, _blockLength - _filled);
            data[..taken].CopyTo(block[_filled..]);
            data = data[taken..];
            _filled += taken;
            if (_filled == _blockLength)
            {
                Compress();
                _filled = 0;
            }
        }
    }

    /// <summary>Writes the digest to the front of <paramref name="result"/> and begins a new, empty message.</summary>
    /// <exception cref="ArgumentException"><paramref name="result"/> is shorter than the digest.</exception>
    public void Finish(scoped Span<byte> result)
    {
        int length = _algorithm.LengthInBytes();
        ArgumentOutOfRangeException.ThrowIfLessThan(result.Length, length, nameof(result));
        ulong bits = checked(_length * 8);
        int lengthField = _blockLength / 8;
        Span<byte> block = MemoryMarshal.AsBytes((Span<ulong>)_schedule)[.._blockLength];
        block[_filled++] = 0x80;
        if (_filled > _blockLength - lengthField)
        {
            block[_filled..].Clear();
            Compress();
            _filled = 0;
        }

        block[_filled..].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(block[^8..], bits);
        Compress();
        Span<ulong> state = _state;
        if (_blockLength == 64)
        {
            ShaWords.ToBytes<uint>(MemoryMarshal.Cast<ulong, uint>(state), result[..length]);
        }
        else
        {
            ShaWords.ToBytes<ulong>(state, result[..length]);
        }

        Reset();
    }

    /// <summary>Wipes all that was taken in.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<ulong>)_state));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<ulong>)_schedule));
    }

    /// <summary>The state as words, where the message so far is a whole number of blocks.</summary>
    internal readonly void CopyState<TWord>(scoped Span<TWord> words)
        where TWord : unmanaged
    {
        ReadOnlySpan<ulong> state = _state;
        MemoryMarshal.Cast<ulong, TWord>(state)[..words.Length].CopyTo(words);
    }

    private void Reset()
    {
        _filled = 0;
        _length = 0;
        Span<ulong> state = _state;
        switch (_algorithm)
        {
            case DigestAlgorithm.Sha1:
                Sha1Block.InitialState.CopyTo(MemoryMarshal.Cast<ulong, uint>(state));
                break;
            case DigestAlgorithm.Sha256:
                Sha256Block.InitialState.CopyTo(MemoryMarshal.Cast<ulong, uint>(state));
                break;
            case DigestAlgorithm.Sha384:
                Sha384Block.InitialState.CopyTo(state);
                break;
            default:
                Sha512Block.InitialState.CopyTo(state);
                break;
        }
    }

    private void Compress()
    {
        switch (_algorithm)
        {
            case DigestAlgorithm.Sha1:
                Compress<Sha1Block, uint>();
                break;
            case DigestAlgorithm.Sha256:
                Compress<Sha256Block, uint>();
                break;
            default:
                Compress<Sha512Block, ulong>();
                break;
        }
    }

    private void Compress<TBlock, TWord>()
        where TBlock : IShaBlock<TWord>
        where TWord : unmanaged, IBinaryInteger<TWord>
    {
        Span<ulong> state = _state;
        Span<ulong> schedule = _schedule;
        Span<TWord> words = MemoryMarshal.Cast<ulong, TWord>(schedule)[..TBlock.ScheduleWords];
        ShaWords.Swap(words[..IShaBlock<TWord>.BlockWords]);
        TBlock.Compress(MemoryMarshal.Cast<ulong, TWord>(state), words);
    }

    [InlineArray(8)]
    private struct State
    {
        private ulong _first;
    }

    [InlineArray(80)]
    private struct Schedule
    {
        private ulong _first;
    }
}
