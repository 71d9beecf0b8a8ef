using System;
using System.Security.Cryptography;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// Bytes of a key: outside the garbage collector's heap, locked in memory, left out of core dumps and forked children, wiped by Dispose. Spans of it
/// are passed down and never copied. Source: mlock(2), madvise(2).
/// </summary>
public sealed unsafe class SecretBuffer : IDisposable
{
    private const int MaximumLength = 1 << 20;

    private readonly int _mappedLength;
    private byte* _start;

    /// <summary>A buffer of zeros.</summary>
    /// <param name="length">In bytes, 1 to 1 MiB.</param>
    /// <exception cref="SyscallException">ENOMEM: no memory, or the limit of locked memory is reached.</exception>
    public SecretBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaximumLength);
        Length = length;
        _mappedLength = (length + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize;
        void* mapped = mmap(null, (size_t)_mappedLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        Syscall.Check(mapped == MAP_FAILED ? -1 : 0, "mmap", "secret buffer");
        _start = (byte*)mapped;
        try
        {
            Syscall.Check(mlock(_start, (size_t)_mappedLength), "mlock", "secret buffer");
            Syscall.Check(madvise(_start, (size_t)_mappedLength, MADV_DONTDUMP), "madvise", "secret buffer");
            Syscall.Check(madvise(_start, (size_t)_mappedLength, MADV_DONTFORK), "madvise", "secret buffer");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>In bytes.</summary>
    public int Length { get; }

    /// <summary>The bytes themselves, valid until Dispose.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return new(_start, Length);
        }
    }

    /// <summary>Wipes and gives back the memory.</summary>
    public void Dispose()
    {
        if (_start is null)
        {
            return;
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(_start, _mappedLength));
        _ = munmap(_start, (size_t)_mappedLength);
        _start = null;
    }
}
