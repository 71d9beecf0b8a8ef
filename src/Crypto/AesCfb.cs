using System;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// AES-CFB with whole-block feedback, as TPM parameter encryption uses it; the last block may be short.
/// Source: NIST SP 800-38A, 6.3; TPM 2.0 Library Part 1, 21.3.
/// </summary>
public static class AesCfb
{
    /// <summary>Encrypts in place.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <param name="iv">16 bytes.</param>
    /// <param name="data">Of any length.</param>
    public static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, Span<byte> data) => Run(key, iv, data, encrypt: true);

    /// <summary>Decrypts in place; the parameters are those of <see cref="Encrypt"/>.</summary>
    public static void Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, Span<byte> data) => Run(key, iv, data, encrypt: false);

    private static void Run(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, Span<byte> data, bool encrypt)
    {
        if (iv.Length != AesKey.BlockLength)
        {
            throw new ArgumentException($"an initialisation vector has {AesKey.BlockLength} bytes", nameof(iv));
        }

        using var aes = new AesKey(key);
        Span<byte> feedback = stackalloc byte[AesKey.BlockLength];
        iv.CopyTo(feedback);
        while (!data.IsEmpty)
        {
            // The feedback is the last block of cipher text in both directions.
            aes.EncryptBlock(feedback, feedback);
            int taken = Math.Min(data.Length, AesKey.BlockLength);
            for (int i = 0; i < taken; i++)
            {
                byte result = (byte)(data[i] ^ feedback[i]);
                feedback[i] = encrypt ? result : data[i];
                data[i] = result;
            }

            data = data[taken..];
        }

        CryptographicOperations.ZeroMemory(feedback);
    }
}
