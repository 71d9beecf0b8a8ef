using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>The signed PCR policies of a UKI (<c>.pcrsig</c>), as systemd-measure writes them.</summary>
internal static class PcrSignature
{
    private const uint PolicyPcrCommand = 0x0000017f;
    private const int SelectionBytes = 3;

    private static readonly JsonWriterOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The JSON text: of each bank, one signed policy for each of these values.</summary>
    /// <remarks>
    /// Every signature is RSASSA with SHA-256, whatever the bank, since that is what unlocking asks the TPM to verify.
    /// systemd-measure before systemd#41051 signs with the bank's digest instead, which then is refused.
    /// </remarks>
    internal static string Write(IReadOnlyList<PcrValue> values, PcrPolicyKey key)
    {
        string fingerprint = Convert.ToHexStringLower(key.Fingerprint);
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, _json))
        {
            json.WriteStartObject();
            foreach (IGrouping<PcrBank, PcrValue> bank in values.GroupBy(value => value.Bank))
            {
                json.WriteStartArray(bank.Key.Name);
                foreach (PcrValue value in bank)
                {
                    byte[] policy = PolicyDigest(value);
                    json.WriteStartObject();
                    json.WriteStartArray("pcrs");
                    json.WriteNumberValue(PcrPrediction.Register);
                    json.WriteEndArray();
                    json.WriteString("pkfp", fingerprint);
                    json.WriteString("pol", Convert.ToHexStringLower(policy));
                    json.WriteString("sig", Convert.ToBase64String(key.SignPolicy(policy)));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }

    /// <summary>
    /// The policy that holds while PCR 11 has a value: TPM2_PolicyPCR in a SHA-256 session that begins with zeros
    /// (TPM 2.0 part 3, 23.7).
    /// </summary>
    internal static byte[] PolicyDigest(PcrValue value)
    {
        byte[] command = new byte[4 + 4 + 2 + 1 + SelectionBytes];
        BinaryPrimitives.WriteUInt32BigEndian(command, PolicyPcrCommand);
        // TPML_PCR_SELECTION: one bank, and the bits of its registers.
        BinaryPrimitives.WriteUInt32BigEndian(command.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16BigEndian(command.AsSpan(8), value.Bank.TpmIdentifier);
        command[10] = SelectionBytes;
        command[11 + (PcrPrediction.Register / 8)] = 1 << (PcrPrediction.Register % 8);
        return SHA256.HashData([.. new byte[SHA256.HashSizeInBytes], .. command, .. SHA256.HashData(value.Value)]);
    }
}
