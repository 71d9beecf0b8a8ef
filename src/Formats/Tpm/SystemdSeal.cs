using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// What a <c>systemd-tpm2</c> token of a LUKS2 header tells about its seal (systemd src/shared/tpm2-util.c, tpm2_make_luks2_json).
/// Its volume passphrase is the base64 text of the sealed bytes.
/// </summary>
public sealed record SystemdSeal
{
    /// <summary>The most blobs of one token: systemd 258 makes two where a signed policy and pcrlock are both wanted.</summary>
    public const int MaximumBlobs = 2;

    /// <summary>The sealed objects, as <see cref="SealedBlob"/> reads them. Two are halves of one secret.</summary>
    public required IReadOnlyList<byte[]> Blobs { get; init; }

    /// <summary>The policy digest of each blob, 32 bytes each.</summary>
    public required IReadOnlyList<byte[]> PolicyDigests { get; init; }

    /// <summary>PCRs bound to the values they had.</summary>
    public PcrMask Pcrs { get; init; }

    /// <summary>The PCR bank; None in tokens of systemd before 250: the best active one.</summary>
    public AlgorithmId Bank { get; init; } = AlgorithmId.Sha256;

    /// <summary>The primary key's type, when there is no <see cref="StorageRootKey"/>.</summary>
    public AlgorithmId PrimaryType { get; init; } = AlgorithmId.Ecc;

    /// <summary>Whether a PIN is needed.</summary>
    public bool NeedsPin { get; init; }

    /// <summary>The PIN's salt; empty in tokens of systemd before 253.</summary>
    public byte[] Salt { get; init; } = [];

    /// <summary>PCRs bound to whatever values the key has signed.</summary>
    public PcrMask SignedPcrs { get; init; }

    /// <summary>That key as PEM; empty without <see cref="SignedPcrs"/>.</summary>
    public byte[] PublicKeyPem { get; init; } = [];

    /// <summary>Whether a pcrlock policy is needed.</summary>
    public bool UsesPcrlock { get; init; }

    /// <summary>The NV index of that policy as <see cref="SerializedHandle"/>; empty before systemd 258.</summary>
    public byte[] PcrlockIndex { get; init; } = [];

    /// <summary>The storage root key as <see cref="SerializedHandle"/>; empty before systemd 254: a transient primary.</summary>
    public byte[] StorageRootKey { get; init; } = [];

    /// <summary>The token's JSON, in systemd's own order of members, for the key slot that has its passphrase.</summary>
    public byte[] ToTokenJson(int keyslot)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "systemd-tpm2"u8);
            json.WriteStartArray("keyslots"u8);
            json.WriteStringValue(keyslot.ToString());
            json.WriteEndArray();
            WriteOneOrMore(json, "tpm2-blob", Blobs, Convert.ToBase64String);
            WriteMask(json, "tpm2-pcrs", Pcrs);
            if (Bank != AlgorithmId.None)
            {
                json.WriteString("tpm2-pcr-bank"u8, Algorithms.Name(Bank));
            }

            json.WriteString("tpm2-primary-alg"u8, Algorithms.Name(PrimaryType));
            WriteOneOrMore(json, "tpm2-policy-hash", PolicyDigests, Convert.ToHexStringLower);
            WriteIfSet(json, "tpm2-pin", NeedsPin);
            WriteIfSet(json, "tpm2_pcrlock", UsesPcrlock);
            if (!SignedPcrs.IsEmpty)
            {
                WriteMask(json, "tpm2_pubkey_pcrs", SignedPcrs);
                json.WriteBase64String("tpm2_pubkey"u8, PublicKeyPem);
            }

            WriteIfAny(json, "tpm2_salt", Salt);
            WriteIfAny(json, "tpm2_srk", StorageRootKey);
            WriteIfAny(json, "tpm2_pcrlock_nv", PcrlockIndex);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteMask(Utf8JsonWriter json, string name, PcrMask mask)
    {
        json.WriteStartArray(name);
        foreach (int pcr in mask.Pcrs())
        {
            json.WriteNumberValue(pcr);
        }

        json.WriteEndArray();
    }

    private static void WriteIfSet(Utf8JsonWriter json, string name, bool value)
    {
        if (value)
        {
            json.WriteBoolean(name, value);
        }
    }

    private static void WriteIfAny(Utf8JsonWriter json, string name, byte[] value)
    {
        if (value.Length != 0)
        {
            json.WriteBase64String(name, value);
        }
    }

    private static void WriteOneOrMore(Utf8JsonWriter json, string name, IReadOnlyList<byte[]> values, Func<byte[], string> encode)
    {
        if (values.Count == 1)
        {
            json.WriteString(name, encode(values[0]));
            return;
        }

        json.WriteStartArray(name);
        foreach (byte[] value in values)
        {
            json.WriteStringValue(encode(value));
        }

        json.WriteEndArray();
    }
}
