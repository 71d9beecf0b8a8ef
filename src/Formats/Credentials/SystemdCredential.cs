using System;
using System.Buffers;
using System.Buffers.Text;
using System.Text;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Credentials;

/// <summary>
/// An encrypted credential of systemd-creds(1) that was made with the null key: the key is known to everybody, so the content is
/// whole, but neither secret nor anybody's. When it was made and when it expires is passed over: /init has no clock that it could
/// trust, and whoever may write the file may write any date into it. Source: systemd src/shared/creds-util.c.
/// </summary>
public sealed record SystemdCredential
{
    /// <summary>The longest file that is read, in bytes: base64 or not.</summary>
    public const int MaximumLength = 256 << 10;

    private const int MaximumNameLength = 255;
    private const int KeyLength = 32;
    private const int CipherBlockLength = 1;
    private const int Alignment = 8;

    /// <summary>The name that was given to it: printable ASCII without slash and colon, or empty.</summary>
    public required string Name { get; init; }

    /// <summary>What it holds.</summary>
    public required byte[] Content { get; init; }

    /// <summary>Reads a file as it is, or in base64 with or without line breaks.</summary>
    public static bool TryOpenWithNullKey(ReadOnlySpan<byte> file, out SystemdCredential value, out ParseError error)
    {
        value = null!;
        if (file.Length > MaximumLength)
        {
            error = new($"credential longer than {MaximumLength} bytes");
            return false;
        }

        // The file as it is begins with an identifier, and none of those that are known is base64.
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(file.Length)];
        if (Base64.DecodeFromUtf8(file, decoded, out _, out int written) == OperationStatus.Done)
        {
            file = decoded.AsSpan(0, written);
        }

        return TryDecrypt(file, out byte[] plain, out error) && TryRead(plain, out value, out error);
    }

    /// <summary>Identifier and header in the clear, the encrypted part, the tag, which covers all of them.</summary>
    private static bool TryDecrypt(ReadOnlySpan<byte> file, out byte[] plain, out ParseError error)
    {
        plain = [];
        var reader = new SpanReader(file);
        string? wanted = WantedKey(reader.U64BigEndian(), reader.U64BigEndian());
        uint keyLength = reader.U32();
        uint blockLength = reader.U32();
        uint ivLength = reader.U32();
        uint tagLength = reader.U32();
        ReadOnlySpan<byte> iv = reader.Bytes(AesGcm.IvLength);
        Align(ref reader);
        int header = reader.Position;
        ReadOnlySpan<byte> cipher = reader.Bytes(reader.Remaining - AesGcm.TagLength);
        ReadOnlySpan<byte> tag = reader.Bytes(AesGcm.TagLength);
        error = reader.Overrun ? new("credential cut short")
            : wanted is not null ? new($"credential {wanted}")
            : keyLength != KeyLength || blockLength != CipherBlockLength || ivLength != AesGcm.IvLength || tagLength != AesGcm.TagLength
                ? new($"credential with lengths {keyLength}, {blockLength}, {ivLength} and {tagLength}, which are not those of AES-256-GCM")
            : default;
        if (error.IsError)
        {
            return false;
        }

        plain = new byte[cipher.Length];
        if (!AesGcm.TryDecrypt(Digest.Of(DigestAlgorithm.Sha256, []), iv, file[..header], cipher, tag, plain))
        {
            error = new("credential is damaged");
        }

        return !error.IsError;
    }

    /// <summary>Two dates and the name, filled up, then the content.</summary>
    private static bool TryRead(ReadOnlySpan<byte> plain, out SystemdCredential value, out ParseError error)
    {
        value = null!;
        var reader = new SpanReader(plain);
        reader.Skip(2 * sizeof(ulong));
        uint nameLength = reader.U32();
        ReadOnlySpan<byte> name = reader.Bytes((int)Math.Min(nameLength, MaximumNameLength));
        Align(ref reader);
        error = reader.Overrun ? new("credential cut short")
            : nameLength > MaximumNameLength ? new($"credential with a name of {nameLength} bytes")
            : name.ContainsAnyExceptInRange((byte)' ', (byte)'~') || name.ContainsAny((byte)'/', (byte)':') ? new("credential with a malformed name")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new() { Name = Encoding.ASCII.GetString(name), Content = reader.Bytes(reader.Remaining).ToArray() };
        return true;
    }

    private static void Align(ref SpanReader reader) => reader.Skip(-reader.Position & (Alignment - 1));

    /// <summary>What it takes to open a credential with this identifier (its two halves); null for the null key.</summary>
    private static string? WantedKey(ulong high, ulong low) => (high, low) switch
    {
        (0x058469daf6f54324, 0x800549da0f8ea2fb) => null,
        (0x5a1c6a86df9d4096, _) => "needs the host key",
        (0x0c7cc07b11764591 or 0xfaf7eb9341e3412c, _) => "needs the TPM",
        (0x93a8940948744490 or 0xaf4950a849134eb1, _) => "needs the host key and the TPM",
        (0x55b9ed1d38594d43 or 0xef4ac13679a9480e or 0xadbc4ca3efb64201, _) => "is one user's, and needs the host key",
        _ => $"needs an unknown key, {high:x16}{low:x16}",
    };
}
