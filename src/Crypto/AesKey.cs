using System;
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
        Encrypt(Vector128.Create(plain[..BlockLength])).CopyTo(cipher[..BlockLength]);

    /// <summary>Decrypts one block; both spans are 16 bytes and may be the same.</summary>
    public readonly void DecryptBlock(scoped ReadOnlySpan<byte> cipher, scoped Span<byte> plain) =>
        Decrypt(Vector128.Create(cipher[..BlockLength])).CopyTo(plain[..BlockLength]);

    /// <summary>Wipes the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<Vector128<byte>>)_encrypt));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<Vector128<byte>>)_decrypt));
    }

    /// <summary>One block, encrypted.</summary>
    internal readonly Vector128<byte> Encrypt(Vector128<byte> block)
    {
        ReadOnlySpan<Vector128<byte>> keys = _encrypt;
        keys = keys[..(_rounds + 1)];
        if (!_instructions)
        {
            AesTables.Encrypt(MemoryMarshal.Cast<Vector128<byte>, uint>(keys), Columns(ref block));
            return block;
        }

        block ^= keys[0];
        for (int i = 1; i < keys.Length - 1; i++)
        {
            block = X86Aes.Encrypt(block, keys[i]);
        }

        return X86Aes.EncryptLast(block, keys[^1]);
    }

    /// <summary>One block, decrypted.</summary>
    internal readonly Vector128<byte> Decrypt(Vector128<byte> block)
    {
        ReadOnlySpan<Vector128<byte>> keys = _decrypt;
        keys = keys[..(_rounds + 1)];
        if (!_instructions)
        {
            AesTables.Decrypt(MemoryMarshal.Cast<Vector128<byte>, uint>(keys), Columns(ref block));
            return block;
        }

        block ^= keys[0];
        for (int i = 1; i < keys.Length - 1; i++)
        {
            block = X86Aes.Decrypt(block, keys[i]);
        }

        return X86Aes.DecryptLast(block, keys[^1]);
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
