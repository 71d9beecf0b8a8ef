using System;
using System.IO;
using System.Text.Json;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// Writes what <see cref="SystemdTpm2Token"/> reads, with systemd's own order of members, so that its tools take the token as
/// theirs.
/// </summary>
public static class SystemdTpm2TokenWriter
{
    /// <summary>The token's JSON, for the keyslot that has its passphrase.</summary>
    public static byte[] Write(SystemdTpm2Token token, int keyslot)
    {
        ArgumentNullException.ThrowIfNull(token);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, SystemdTpm2Token.Kind);
            json.WriteStartArray("keyslots"u8);
            json.WriteStringValue(keyslot.ToString());
            json.WriteEndArray();
            WriteOneOrSeveral(json, "tpm2-blob", token.Blobs, Convert.ToBase64String);
            WriteMask(json, "tpm2-pcrs", token.Pcrs);
            if (token.PcrBank is { } bank)
            {
                json.WriteString("tpm2-pcr-bank"u8, bank.KernelName());
            }

            json.WriteString("tpm2-primary-alg"u8, token.IsRsaPrimary ? "rsa"u8 : "ecc"u8);
            WriteOneOrSeveral(json, "tpm2-policy-hash", token.PolicyHashes, Convert.ToHexStringLower);
            WriteIfSet(json, "tpm2-pin", token.NeedsPin);
            WriteIfSet(json, "tpm2_pcrlock", token.UsesPcrlock);
            if (token.PublicKeyPcrs != 0)
            {
                WriteMask(json, "tpm2_pubkey_pcrs", token.PublicKeyPcrs);
            }

            WriteIfAny(json, "tpm2_pubkey", token.PublicKeyPem);
            WriteIfAny(json, "tpm2_salt", token.Salt);
            WriteIfAny(json, "tpm2_srk", token.StorageRootKey);
            WriteIfAny(json, "tpm2_pcrlock_nv", token.PcrlockIndex);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteMask(Utf8JsonWriter json, string name, uint mask)
    {
        json.WriteStartArray(name);
        foreach (int pcr in new Tpm.PcrMask(mask).Pcrs())
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

    private static void WriteOneOrSeveral(Utf8JsonWriter json, string name, byte[][] values, Func<byte[], string> encode)
    {
        if (values.Length == 1)
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
