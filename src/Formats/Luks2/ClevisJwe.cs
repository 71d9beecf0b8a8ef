using System;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>One JSON Web Encryption with a direct key and AES-256-GCM, the only kind that clevis makes. Source: RFC 7516, RFC 7518.</summary>
public sealed record ClevisJwe
{
    internal const int MaximumHeader = 64 << 10;

    private const int KeyLength = 32;
    private const int MaximumCiphertext = 64 << 10;

    private ClevisJwe(byte[] protectedHeader, byte[] iv, byte[] ciphertext, byte[] tag)
    {
        ProtectedHeader = protectedHeader;
        Iv = iv;
        Ciphertext = ciphertext;
        Tag = tag;
    }

    /// <summary>The protected header as it was written, in base64url: the tag covers it.</summary>
    public byte[] ProtectedHeader { get; }

    /// <summary>The initialisation vector, 12 bytes.</summary>
    public byte[] Iv { get; }

    /// <summary>The encrypted text, whose length is also that of the plain text.</summary>
    public byte[] Ciphertext { get; }

    /// <summary>The tag, 16 bytes.</summary>
    public byte[] Tag { get; }

    /// <summary>Decrypts to the front of <paramref name="plain"/>, as many bytes as <see cref="Ciphertext"/> has.</summary>
    /// <param name="jsonWebKey">The key as JSON (RFC 7517), as clevis seals it: only its member <c>k</c> is used.</param>
    /// <param name="plain">At least as long as the cipher text.</param>
    /// <param name="error">The key is no key, or not this text's.</param>
    public bool TryDecryptWithJsonKey(ReadOnlySpan<byte> jsonWebKey, Span<byte> plain, out ParseError error)
    {
        Span<byte> key = stackalloc byte[KeyLength];
        try
        {
            error = TryReadKey(jsonWebKey, key) ? default : new("what was sealed is not a JSON web key of 256 bits");
            return !error.IsError && TryDecrypt(key, plain, out error);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The same with a bare key of 32 bytes.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> key, Span<byte> plain, out ParseError error)
    {
        error = key.Length == KeyLength && AesGcm.TryDecrypt(key, Iv, ProtectedHeader, Ciphertext, Tag, plain[..Ciphertext.Length])
            ? default
            : new("the key does not fit this token");
        return !error.IsError;
    }

    /// <summary>From the five parts, each in base64url as it was written.</summary>
    internal static ClevisJwe Make(JsonFields fields, string protectedHeader, string encryptedKey, string iv, string ciphertext, string tag)
    {
        if (encryptedKey.Length != 0)
        {
            fields.Fail("it has an encrypted key, only \"dir\" is known");
        }

        return new(
            Encoding.ASCII.GetBytes(protectedHeader),
            Decode(fields, iv, AesGcm.IvLength, AesGcm.IvLength, "initialisation vector"),
            Decode(fields, ciphertext, 1, MaximumCiphertext, "cipher text"),
            Decode(fields, tag, AesGcm.TagLength, AesGcm.TagLength, "tag"));
    }

    /// <summary>Bytes in base64url without padding.</summary>
    internal static byte[] Decode(JsonFields fields, string text, int least, int most, string what)
    {
        int length = text.Length <= 2 * most && Base64Url.IsValid(text, out int decoded) ? decoded : -1;
        if (length < least || length > most)
        {
            fields.Fail($"{what}: not base64url of {least} to {most} bytes");
            return [];
        }

        return Base64Url.DecodeFromChars(text);
    }

    /// <summary>Takes <c>k</c> out of a key without making a copy of it anywhere.</summary>
    private static bool TryReadKey(ReadOnlySpan<byte> json, Span<byte> key)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("k"u8))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.String
                        && Base64Url.GetMaxDecodedLength(reader.ValueSpan.Length) >= KeyLength
                        && Base64Url.TryDecodeFromUtf8(reader.ValueSpan, key, out int written) && written == KeyLength;
                }
            }
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // Its text could hold parts of the key.
            return false;
        }

        return false;
    }
}
