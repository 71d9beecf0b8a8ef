using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// A token of <c>systemd-cryptenroll --tpm2-device</c>, as written by systemd 252, 257, and 258 and later. The blobs are only
/// decoded: they are checked where the TPM's structures are known. Source: systemd src/shared/tpm2-util.c, tpm2_make_luks2_json.
/// </summary>
public sealed record SystemdTpm2Token
{
    /// <summary>The token's type.</summary>
    public const string Kind = "systemd-tpm2";

    private const int MaximumBlob = 8192;
    private const int MaximumShards = 8;
    private const int MaximumPolicyHash = 64;
    private const int MaximumPublicKey = 8192;
    private const int MaximumSalt = 512;
    private const int MaximumStorageKey = 4096;
    private const int MaximumIndex = 4096;

    private static readonly SearchValues<char> _hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>
    /// Each TPM2B_PRIVATE, TPM2B_PUBLIC and, if it must be imported, TPM2B_ENCRYPTED_SECRET. One; from 258 on several, whose
    /// secrets make up the key together.
    /// </summary>
    public required byte[][] Blobs { get; init; }

    /// <summary>The policy of each blob.</summary>
    public required byte[][] PolicyHashes { get; init; }

    /// <summary>PCRs bound by their values: bit n for PCR n.</summary>
    public required uint Pcrs { get; init; }

    /// <summary>The PCR bank; null if it was not written, by systemd 249 and before: the best bank that is active.</summary>
    public required DigestAlgorithm? PcrBank { get; init; }

    /// <summary>Whether the primary key is RSA; else, and where it was not written, it is ECC.</summary>
    public required bool IsRsaPrimary { get; init; }

    /// <summary>Whether a PIN is needed.</summary>
    public required bool NeedsPin { get; init; }

    /// <summary>Whether the policy is also that of an NV index (pcrlock).</summary>
    public required bool UsesPcrlock { get; init; }

    /// <summary>PCRs bound by a signature: bit n for PCR n; 0 if there is none.</summary>
    public required uint PublicKeyPcrs { get; init; }

    /// <summary>The public key of that signature in PEM; empty if there is none.</summary>
    public required byte[] PublicKeyPem { get; init; }

    /// <summary>What the PIN is stretched with; empty if there is none.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>The storage root key as ESYS_TR_Serialize writes it; empty before systemd 254.</summary>
    public required byte[] StorageRootKey { get; init; }

    /// <summary>The NV index of pcrlock as ESYS_TR_Serialize writes it; empty if there is none.</summary>
    public required byte[] PcrlockIndex { get; init; }

    /// <summary>Reads a token of type <see cref="Kind"/>.</summary>
    public static bool TryParse(Luks2Token token, out SystemdTpm2Token value, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(token);
        return JsonFields.TryRead(token.Json, $"token {token.Number}", Read, out value, out error);
    }

    private static SystemdTpm2Token Read(JsonFields root)
    {
        if (root.Text("type") is var kind && kind != Kind)
        {
            root.FailAt("type", $"\"{Escaped.Text(kind)}\", wanted {Kind}");
        }

        byte[][] blobs = OneOrSeveral(root, "tpm2-blob", (name, text) => root.DecodeBase64(name, text, MaximumBlob));
        byte[][] policyHashes = OneOrSeveral(root, "tpm2-policy-hash", (name, text) => DecodeHex(root, name, text));
        bool isRsa = root.Has("tpm2-primary-alg") && root.Text("tpm2-primary-alg") is var primary && primary switch
        {
            "rsa" => true,
            "ecc" => false,
            _ => Unknown(root, "tpm2-primary-alg", primary, "ecc, rsa"),
        };
        return new()
        {
            Blobs = blobs,
            PolicyHashes = policyHashes,
            Pcrs = PcrMask.Read(root, "tpm2-pcrs"),
            PcrBank = Bank(root),
            IsRsaPrimary = isRsa,
            NeedsPin = root.Flag("tpm2-pin"),
            UsesPcrlock = root.Flag("tpm2_pcrlock"),
            PublicKeyPcrs = root.Has("tpm2_pubkey_pcrs") ? PcrMask.Read(root, "tpm2_pubkey_pcrs") : 0,
            PublicKeyPem = Optional(root, "tpm2_pubkey", MaximumPublicKey),
            Salt = Optional(root, "tpm2_salt", MaximumSalt),
            StorageRootKey = Optional(root, "tpm2_srk", MaximumStorageKey),
            PcrlockIndex = Optional(root, "tpm2_pcrlock_nv", MaximumIndex),
        };
    }

    private static byte[][] OneOrSeveral(JsonFields root, string name, Func<string, string, byte[]> decode)
    {
        if (root.Kind(name) != JsonTokenType.StartArray)
        {
            return [decode(name, root.Text(name))];
        }

        List<byte[]> all = [];
        foreach (string text in root.Texts(name))
        {
            all.Add(decode(name, text));
        }

        if (all.Count is 0 or > MaximumShards)
        {
            root.FailAt(name, $"{all.Count} of them, wanted 1 to {MaximumShards}");
        }

        return [.. all];
    }

    private static byte[] DecodeHex(JsonFields root, string name, string text)
    {
        if (text.Length is 0 or > 2 * MaximumPolicyHash || text.Length % 2 != 0 || text.AsSpan().ContainsAnyExcept(_hexadecimal))
        {
            root.FailAt(name, $"not hexadecimal of 1 to {MaximumPolicyHash} bytes");
            return [];
        }

        return Convert.FromHexString(text);
    }

    private static byte[] Optional(JsonFields root, string name, int most) => root.Has(name) ? root.Base64(name, most) : [];

    private static DigestAlgorithm? Bank(JsonFields root)
    {
        if (!root.Has("tpm2-pcr-bank"))
        {
            return null;
        }

        string text = root.Text("tpm2-pcr-bank");
        return DigestAlgorithms.TryFromKernelName(text, out DigestAlgorithm bank) || Unknown(root, "tpm2-pcr-bank", text, "sha1, sha256, sha384, sha512")
            ? bank
            : null;
    }

    /// <summary>Fails, and is false.</summary>
    private static bool Unknown(JsonFields root, string name, string text, string known)
    {
        root.FailAt(name, $"\"{Escaped.Text(text)}\" is not known ({known})");
        return false;
    }
}
