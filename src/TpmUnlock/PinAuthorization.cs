using System;
using System.Buffers.Text;
using System.Security.Cryptography;
using InitRuntime.Crypto;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// The authorization value that systemd makes of a PIN: SHA-256 of a text, which is the PIN itself, or with a salt the base64 of
/// PBKDF2-HMAC-SHA256(PIN, salt, 10000 rounds, 32 bytes).
/// </summary>
internal static class PinAuthorization
{
    internal const int Length = 32;
    internal const int SaltLength = 32;
    private const int Iterations = 10000;
    private const int TextLength = 44;

    internal static void Derive(ReadOnlySpan<byte> pin, ReadOnlySpan<byte> salt, Span<byte> authorization)
    {
        if (salt.IsEmpty)
        {
            Hash(pin, authorization);
            return;
        }

        Span<byte> derived = stackalloc byte[Length];
        Span<byte> text = stackalloc byte[TextLength];
        try
        {
            Pbkdf2.DeriveKey(DigestAlgorithm.Sha256, pin, salt, Iterations, derived);
            Base64.EncodeToUtf8(derived, text, out _, out int written);
            Hash(text[..written], authorization);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static void Hash(ReadOnlySpan<byte> text, Span<byte> result)
    {
        var digest = new StackDigest(DigestAlgorithm.Sha256);
        try
        {
            digest.Append(text);
            digest.Finish(result);
        }
        finally
        {
            digest.Dispose();
        }
    }
}
