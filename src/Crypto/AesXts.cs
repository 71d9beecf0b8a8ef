using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace InitRuntime.Crypto;

/// <summary>
/// AES-XTS over whole sectors, with the tweak of dm-crypt's <c>xts-plain64</c>: the sector's number as 64 bits, little endian.
/// The keys are in the caller's frame and wiped by Dispose. Source: IEEE 1619-2018, 5; kernel admin-guide/device-mapper/dm-crypt.
/// </summary>
public ref struct AesXts : IDisposable
{
    private AesKey _data;
    private AesKey _tweak;

    /// <summary>Expands both keys.</summary>
    /// <param name="key">Both keys one behind the other: 32 or 64 bytes.</param>
    public AesXts(scoped ReadOnlySpan<byte> key)
        : this(key, System.Runtime.Intrinsics.X86.Aes.IsSupported)
    {
    }

    internal AesXts(scoped ReadOnlySpan<byte> key, bool instructions)
    {
        if (key.Length is not (32 or 64))
        {
            throw new ArgumentException("an AES-XTS key has 32 or 64 bytes", nameof(key));
        }

        _data = new AesKey(key[..(key.Length / 2)], instructions);
        _tweak = new AesKey(key[(key.Length / 2)..], instructions);
    }

    /// <summary>Decrypts whole sectors in place.</summary>
    /// <param name="data">A multiple of <paramref name="sectorSize"/>.</param>
    /// <param name="sectorSize">In bytes, a multiple of 16.</param>
    /// <param name="firstTweak">The tweak of the first sector.</param>
    /// <param name="tweakStep">How far the tweak moves from one sector to the next: dm-crypt counts 512-byte sectors.</param>
    public readonly void Decrypt(Span<byte> data, int sectorSize, ulong firstTweak, uint tweakStep = 1)
    {
        CheckSizes(data.Length, sectorSize);
        ReadOnlySpan<Vector128<byte>> keys = _data.DecryptKeys;
        bool instructions = _data.Instructions;
        for (ulong tweak = firstTweak; !data.IsEmpty; tweak = unchecked(tweak + tweakStep))
        {
            Vector128<byte> mask = FirstMask(tweak);
            foreach (ref Vector128<byte> block in MemoryMarshal.Cast<byte, Vector128<byte>>(data[..sectorSize]))
            {
                block = AesKey.Decrypt(keys, block ^ mask, instructions) ^ mask;
                mask = Double(mask);
            }

            data = data[sectorSize..];
        }
    }

    /// <summary>Encrypts whole sectors in place; the parameters are those of <see cref="Decrypt"/>.</summary>
    public readonly void Encrypt(Span<byte> data, int sectorSize, ulong firstTweak, uint tweakStep = 1)
    {
        CheckSizes(data.Length, sectorSize);
        ReadOnlySpan<Vector128<byte>> keys = _data.EncryptKeys;
        bool instructions = _data.Instructions;
        for (ulong tweak = firstTweak; !data.IsEmpty; tweak = unchecked(tweak + tweakStep))
        {
            Vector128<byte> mask = FirstMask(tweak);
            foreach (ref Vector128<byte> block in MemoryMarshal.Cast<byte, Vector128<byte>>(data[..sectorSize]))
            {
                block = AesKey.Encrypt(keys, block ^ mask, instructions) ^ mask;
                mask = Double(mask);
            }

            data = data[sectorSize..];
        }
    }

    /// <summary>Wipes the keys.</summary>
    public void Dispose()
    {
        _data.Dispose();
        _tweak.Dispose();
    }

    private readonly Vector128<byte> FirstMask(ulong tweak) =>
        AesKey.Encrypt(_tweak.EncryptKeys, Vector128.Create(tweak, 0).AsByte(), _tweak.Instructions);

    private static void CheckSizes(int length, int sectorSize)
    {
        if (sectorSize < AesKey.BlockLength || sectorSize % AesKey.BlockLength != 0 || length % sectorSize != 0)
        {
            throw new ArgumentException($"{length} bytes are not whole sectors of {sectorSize} bytes");
        }
    }

    /// <summary>Times alpha in GF(2^128), little endian (IEEE 1619, 5.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Double(Vector128<byte> mask)
    {
        Vector128<long> halves = mask.AsInt64();
        long low = halves[0];
        long high = halves[1];
        return Vector128.Create((low << 1) ^ ((high >> 63) & 0x87), (high << 1) | (low >>> 63)).AsByte();
    }
}
