using System;
using InitRuntime.Crypto;
using InitRuntime.Formats.Json;

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
        var json = new JsonOutput();
        json.BeginObject();
        json.Text("type", SystemdTpm2Token.Kind);
        json.BeginArray("keyslots");
        json.Text(null, keyslot.ToString());
        json.EndArray();
        WriteOneOrSeveral(json, "tpm2-blob", token.Blobs, Convert.ToBase64String);
        WriteMask(json, "tpm2-pcrs", token.Pcrs);
        json.TextIfAny("tpm2-pcr-bank", token.PcrBank?.KernelName());
        json.Text("tpm2-primary-alg", token.IsRsaPrimary ? "rsa" : "ecc");
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
        json.EndObject();
        return json.ToBytes();
    }

    private static void WriteMask(JsonOutput json, string name, uint mask)
    {
        json.BeginArray(name);
        foreach (int pcr in new Tpm.PcrMask(mask).Pcrs())
        {
            json.Number(null, pcr);
        }

        json.EndArray();
    }

    private static void WriteIfSet(JsonOutput json, string name, bool value)
    {
        if (value)
        {
            json.Flag(name, value);
        }
    }

    private static void WriteIfAny(JsonOutput json, string name, byte[] value)
    {
        if (value.Length != 0)
        {
            json.Text(name, Convert.ToBase64String(value));
        }
    }

    private static void WriteOneOrSeveral(JsonOutput json, string name, byte[][] values, Func<byte[], string> encode)
    {
        if (values.Length == 1)
        {
            json.Text(name, encode(values[0]));
            return;
        }

        json.BeginArray(name);
        foreach (byte[] value in values)
        {
            json.Text(null, encode(value));
        }

        json.EndArray();
    }
}
