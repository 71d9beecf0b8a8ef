using System;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace InitRuntime.Crypto;

/// <summary>
/// One expanded AES key in the caller's frame, wiped by Dispose. It runs on the processor's AES instructions (x86), else on
/// tables. Source: FIPS 197.
/// </summary>
public ref struct AesKey : IDisposable
{
    /// <summary>Length of a block, in bytes.</summary>
    public const int BlockLength = 16;

    private const int ColumnsOfBlock = 4;

    private readonly int _rounds;
    private readonly bool _instructions;
    private RoundKeys _encrypt;
    private RoundKeys _decrypt;

    /// <summary>Expands a key for both directions.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    public AesKey(scoped ReadOnlySpan<byte> key)
        : this(key, X86Aes.IsSupported)
    {
    }

    /// <summary>As the public one; tests choose the tables where the instructions are there.</summary>
    internal AesKey(scoped ReadOnlySpan<byte> key, bool instructions)
    {
        if (key.Length is not (16 or 24 or 32))
        {
            throw new ArgumentException("an AES key has 16, 24 or 32 bytes", nameof(key));
        }

        _instructions = instructions;
        _rounds = (key.Length / sizeof(uint)) + 6;
        Expand(key);
        MakeInverse();
    }

    /// <summary>Encrypts one block; both spans are 16 bytes and may be the same.</summary>
    public readonly void EncryptBlock(scoped ReadOnlySpan<byte> plain, scoped Span<byte> cipher) =>
        Encrypt(EncryptKeys, Vector128.Create(plain[..BlockLength]), _instructions).CopyTo(cipher[..BlockLength]);

    /// <summary>Decrypts one block; both spans are 16 bytes and may be the same.</summary>
    public readonly void DecryptBlock(scoped ReadOnlySpan<byte> cipher, scoped Span<byte> plain) =>
        Decrypt(DecryptKeys, Vector128.Create(cipher[..BlockLength]), _instructions).CopyTo(plain[..BlockLength]);

    /// <summary>Wipes the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<Vector128<byte>>)_encrypt));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<Vector128<byte>>)_decrypt));
    }

    /// <summary>The round keys to encrypt with.</summary>
    [UnscopedRef]
    internal readonly ReadOnlySpan<Vector128<byte>> EncryptKeys => ((ReadOnlySpan<Vector128<byte>>)_encrypt)[..(_rounds + 1)];

    /// <summary>The round keys to decrypt with.</summary>
    [UnscopedRef]
    internal readonly ReadOnlySpan<Vector128<byte>> DecryptKeys => ((ReadOnlySpan<Vector128<byte>>)_decrypt)[..(_rounds + 1)];

    /// <summary>Whether the processor's AES instructions are used.</summary>
    internal readonly bool Instructions => _instructions;

    /// <summary>One block, encrypted with <see cref="EncryptKeys"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Encrypt(ReadOnlySpan<Vector128<byte>> keys, Vector128<byte> block, bool instructions)
    {
        if (!instructions)
        {
            return EncryptByTables(keys, block);
        }

        block ^= keys[0];
        foreach (Vector128<byte> key in keys[1..^1])
        {
            block = X86Aes.Encrypt(block, key);
        }

        return X86Aes.EncryptLast(block, keys[^1]);
    }

    /// <summary>One block, decrypted with <see cref="DecryptKeys"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Decrypt(ReadOnlySpan<Vector128<byte>> keys, Vector128<byte> block, bool instructions)
    {
        if (!instructions)
        {
            return DecryptByTables(keys, block);
        }

        block ^= keys[0];
        foreach (Vector128<byte> key in keys[1..^1])
        {
            block = X86Aes.Decrypt(block, key);
        }

        return X86Aes.DecryptLast(block, keys[^1]);
    }

    private static Vector128<byte> EncryptByTables(ReadOnlySpan<Vector128<byte>> keys, Vector128<byte> block)
    {
        AesTables.Encrypt(MemoryMarshal.Cast<Vector128<byte>, uint>(keys), Columns(ref block));
        return block;
    }

    private static Vector128<byte> DecryptByTables(ReadOnlySpan<Vector128<byte>> keys, Vector128<byte> block)
    {
        AesTables.Decrypt(MemoryMarshal.Cast<Vector128<byte>, uint>(keys), Columns(ref block));
        return block;
    }

    private static Span<uint> Columns(ref Vector128<byte> block) =>
        MemoryMarshal.Cast<byte, uint>(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref block, 1)));

    /// <summary>FIPS 197, 5.2, on columns whose first byte is the lowest.</summary>
    private void Expand(scoped ReadOnlySpan<byte> key)
    {
        Span<uint> words = MemoryMarshal.Cast<Vector128<byte>, uint>((Span<Vector128<byte>>)_encrypt)[..(ColumnsOfBlock * (_rounds + 1))];
        key.CopyTo(MemoryMarshal.AsBytes(words));
        int keyWords = key.Length / sizeof(uint);
        uint roundConstant = 1;
        for (int i = keyWords; i < words.Length; i++)
        {
            uint word = words[i - 1];
            if (i % keyWords == 0)
            {
                word = SubWord(BitOperations.RotateRight(word, 8)) ^ roundConstant;
                roundConstant = (roundConstant << 1) ^ ((roundConstant >> 7) * 0x11b);
            }
            else if (keyWords > 6 && i % keyWords == 4)
            {
                word = SubWord(word);
            }

            words[i] = words[i - keyWords] ^ word;
        }
    }

    /// <summary>FIPS 197, 5.3.5: the round keys backwards, those between mixed.</summary>
    private void MakeInverse()
    {
        for (int i = 0; i <= _rounds; i++)
        {
            Vector128<byte> key = _encrypt[_rounds - i];
            _decrypt[i] = i == 0 || i == _rounds ? key : InverseMixColumns(key);
        }
    }

    private readonly uint SubWord(uint word) =>
        _instructions ? X86Aes.KeygenAssist(Vector128.Create(word).AsByte(), 0).AsUInt32()[0] : AesTables.SubWord(word);

    private readonly Vector128<byte> InverseMixColumns(Vector128<byte> key)
    {
        if (_instructions)
        {
            return X86Aes.InverseMixColumns(key);
        }

        foreach (ref uint column in Columns(ref key))
        {
            column = AesTables.InverseMixColumn(column);
        }

        return key;
    }

    [InlineArray(15)]
    private struct RoundKeys
    {
        private Vector128<byte> _first;
    }
}
