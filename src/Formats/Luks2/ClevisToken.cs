using System;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// A token of <c>clevis luks bind</c> with the tpm2 pin, alone or as the only member of an sss pin with threshold 1. Its plain
/// text is the passphrase. Source: latchset/clevis src/luks, src/pins.
/// </summary>
public sealed record ClevisToken
{
    /// <summary>The token's type.</summary>
    public const string Kind = "clevis";

    private const int MaximumArea = 8192;

    /// <summary>A point of Shamir's polynomial is two numbers as long as the prime, and clevis' prime has 256 bits.</summary>
    private const int CoordinateLength = 32;

    private ClevisToken(ClevisJwe passphrase, ClevisJwe? share, ClevisTpm2Pin pin)
    {
        Passphrase = passphrase;
        Share = share;
        Pin = pin;
    }

    /// <summary>What must be unsealed.</summary>
    public ClevisTpm2Pin Pin { get; }

    /// <summary>How long the passphrase is, in bytes.</summary>
    public int PassphraseLength => Passphrase.Ciphertext.Length;

    /// <summary>The encrypted passphrase.</summary>
    internal ClevisJwe Passphrase { get; }

    /// <summary>With an sss pin: the encrypted point of the polynomial that hides the passphrase's key; else null.</summary>
    internal ClevisJwe? Share { get; }

    /// <summary>Reads a token of type <see cref="Kind"/>.</summary>
    public static bool TryParse(Luks2Token token, out ClevisToken value, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(token);
        value = null!;
        string path = $"token {token.Number}";
        if (!JsonFields.TryRead(token.Json, path, ReadOuter, out (ClevisJwe Jwe, string Header) outer, out error)
            || !TryReadHeader(outer.Header, $"{path}.jwe.protected", out PinConfiguration pin, out error))
        {
            return false;
        }

        if (pin.ShareText is null)
        {
            value = new(outer.Jwe, null, pin.Tpm2!);
            return true;
        }

        if (!TryReadShare(pin.ShareText, $"{path}.sss", out ClevisJwe share, out ClevisTpm2Pin inner, out error))
        {
            return false;
        }

        value = new(outer.Jwe, share, inner);
        return true;
    }

    /// <summary>Decrypts the passphrase with what the TPM has unsealed.</summary>
    /// <param name="unsealed">The JSON web key that was sealed.</param>
    /// <param name="passphrase">At least <see cref="PassphraseLength"/> bytes; its front holds the passphrase.</param>
    /// <param name="error">The key is no key, or not this token's.</param>
    public bool TryOpen(ReadOnlySpan<byte> unsealed, Span<byte> passphrase, out ParseError error)
    {
        if (Share is null)
        {
            return Passphrase.TryDecryptWithJsonKey(unsealed, passphrase, out error);
        }

        if (Share.Ciphertext.Length != 2 * CoordinateLength)
        {
            error = new($"the share has {Share.Ciphertext.Length} bytes, wanted {2 * CoordinateLength}");
            return false;
        }

        // With threshold 1 the polynomial is constant: the second coordinate of any point is the key itself.
        Span<byte> point = stackalloc byte[2 * CoordinateLength];
        bool opened = Share.TryDecryptWithJsonKey(unsealed, point, out error) && Passphrase.TryDecrypt(point[CoordinateLength..], passphrase, out error);
        CryptographicOperations.ZeroMemory(point);
        return opened;
    }

    private static (ClevisJwe Jwe, string Header) ReadOuter(JsonFields root)
    {
        if (root.Text("type") is var kind && kind != Kind)
        {
            root.FailAt("type", $"\"{Escaped.Text(kind)}\", wanted {Kind}");
        }

        JsonFields jwe = root.Object("jwe");
        string header = jwe.Text("protected");
        return (ClevisJwe.Make(jwe, header, jwe.Text("encrypted_key", optional: true), jwe.Text("iv"), jwe.Text("ciphertext"), jwe.Text("tag")), header);
    }

    /// <summary>The one share in compact form: five parts with stops between them (RFC 7516, 3.1).</summary>
    private static bool TryReadShare(string text, string path, out ClevisJwe share, out ClevisTpm2Pin pin, out ParseError error)
    {
        string[] parts = text.Split('.');
        pin = null!;
        share = null!;
        if (parts.Length != 5)
        {
            error = new($"{path}: {parts.Length} parts, wanted 5");
            return false;
        }

        // The share is no JSON, but its errors belong to the same reader as those of its header.
        ClevisJwe made = null!;
        if (!TryReadHeader(parts[0], path, out PinConfiguration inner, out error, fields => made = ClevisJwe.Make(fields, parts[0], parts[1], parts[2], parts[3], parts[4])))
        {
            return false;
        }

        if (inner.Tpm2 is null)
        {
            error = new($"{path}: an sss pin within an sss pin, only tpm2 is known there");
            return false;
        }

        share = made;
        pin = inner.Tpm2;
        return true;
    }

    private static bool TryReadHeader(
        string text, string path, out PinConfiguration value, out ParseError error, Action<JsonFields>? also = null)
    {
        value = default;
        if (text.Length > ClevisJwe.MaximumHeader || !Base64Url.IsValid(text))
        {
            error = new($"{path}: not base64url of at most {ClevisJwe.MaximumHeader} characters");
            return false;
        }

        return JsonFields.TryRead(Base64Url.DecodeFromChars(text), path, Read, out value, out error);

        PinConfiguration Read(JsonFields header)
        {
            also?.Invoke(header);
            return ReadPin(header);
        }
    }

    private static PinConfiguration ReadPin(JsonFields header)
    {
        Expect(header, "alg", "dir");
        Expect(header, "enc", "A256GCM");
        JsonFields clevis = header.Object("clevis");
        string pin = clevis.Text("pin");
        switch (pin)
        {
            case "tpm2":
                return new(ReadTpm2(clevis.Object("tpm2")), null);
            case "sss":
                JsonFields sss = clevis.Object("sss");
                uint threshold = sss.Number("t", 1, 255);
                string[] shares = sss.Texts("jwe");
                if (threshold != 1 || shares.Length != 1)
                {
                    sss.Fail($"{threshold} of {shares.Length} shares are needed, only 1 of 1 is supported");
                    return default;
                }

                _ = ClevisJwe.Decode(sss, sss.Text("p"), CoordinateLength, CoordinateLength, "prime");
                return new(null, shares[0]);
            default:
                clevis.FailAt("pin", $"\"{Escaped.Text(pin)}\", known are tpm2 and sss");
                return default;
        }
    }

    private static ClevisTpm2Pin ReadTpm2(JsonFields fields)
    {
        string key = fields.Text("key");
        if (key is not ("ecc" or "rsa"))
        {
            fields.FailAt("key", $"\"{Escaped.Text(key)}\", known are ecc and rsa");
        }

        DigestAlgorithm hash = Hash(fields, "hash");
        bool bound = fields.Has("pcr_ids");
        string list = !bound ? ""
            : fields.Kind("pcr_ids") == JsonTokenType.StartArray ? string.Join(',', fields.Texts("pcr_ids"))
            : fields.Text("pcr_ids");
        return new(
            hash,
            key == "rsa",
            bound ? Hash(fields, "pcr_bank") : null,
            bound ? PcrMask.Read(fields, "pcr_ids", list) : 0,
            ClevisJwe.Decode(fields, fields.Text("jwk_pub"), 2, MaximumArea, "jwk_pub"),
            ClevisJwe.Decode(fields, fields.Text("jwk_priv"), 2, MaximumArea, "jwk_priv"));
    }

    private static DigestAlgorithm Hash(JsonFields fields, string name)
    {
        string text = fields.Text(name);
        if (!DigestAlgorithms.TryFromKernelName(text, out DigestAlgorithm hash))
        {
            fields.FailAt(name, $"\"{Escaped.Text(text)}\" is not known (sha1, sha256, sha384, sha512)");
        }

        return hash;
    }

    private static void Expect(JsonFields fields, string name, string wanted)
    {
        string text = fields.Text(name);
        if (text != wanted)
        {
            fields.FailAt(name, $"\"{Escaped.Text(text)}\", only {wanted} is known");
        }
    }

    /// <summary>One of the two.</summary>
    private readonly record struct PinConfiguration(ClevisTpm2Pin? Tpm2, string? ShareText);
}
