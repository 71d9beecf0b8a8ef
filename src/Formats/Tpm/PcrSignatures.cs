using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InitRuntime.Formats.Tpm;

/// <summary>One signed policy of a <c>.pcrsig</c>.</summary>
/// <param name="Bank">The PCR bank.</param>
/// <param name="Pcrs">The PCRs it is about.</param>
/// <param name="KeyFingerprint">SHA-256 of the signing key.</param>
/// <param name="Policy">The policy digest that was signed.</param>
/// <param name="Signature">RSASSA-PKCS1-v1_5 with SHA-256 over that digest.</param>
public sealed record PcrSignature(AlgorithmId Bank, PcrMask Pcrs, byte[] KeyFingerprint, byte[] Policy, byte[] Signature);

/// <summary>
/// The <c>.pcrsig</c> section of a UKI, which systemd-stub puts at /.extra/tpm2-pcr-signature.json: for each bank, the policies the
/// vendor allows, one for each boot phase (systemd-measure(1)).
/// </summary>
public static class PcrSignatures
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaximumLength = 1 << 20;

    private const int MaximumCount = 1024;
    private const int MaximumSignatureLength = 512;

    /// <summary>Reads the file. Banks of hashes that are not known here are passed over.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out IReadOnlyList<PcrSignature> value, out ParseError error)
    {
        value = [];
        Dictionary<string, List<PcrSignatureJson>>? banks;
        try
        {
            banks = json.Length > MaximumLength
                ? null
                : JsonSerializer.Deserialize(json.TrimEnd((byte)0), PcrPolicyJsonContext.Default.DictionaryStringListPcrSignatureJson);
        }
        catch (JsonException e)
        {
            error = new($"PCR signatures are not valid: {e.Message}");
            return false;
        }

        if (banks is null)
        {
            error = new(json.Length > MaximumLength ? $"PCR signatures longer than {MaximumLength} bytes" : "PCR signatures are empty");
            return false;
        }

        var list = new List<PcrSignature>();
        foreach ((string name, List<PcrSignatureJson> entries) in banks)
        {
            AlgorithmId bank = Algorithms.Hash(name);
            foreach (PcrSignatureJson? entry in entries ?? [])
            {
                if (bank == AlgorithmId.None || entry is null)
                {
                    continue;
                }

                if (list.Count == MaximumCount)
                {
                    error = new($"more than {MaximumCount} PCR signatures");
                    return false;
                }

                if (!TryRead(bank, entry, out PcrSignature? signature))
                {
                    error = new($"PCR signature {list.Count + 1} of bank {name} is malformed");
                    return false;
                }

                list.Add(signature!);
            }
        }

        value = list;
        error = default;
        return true;
    }

    private static bool TryRead(AlgorithmId bank, PcrSignatureJson entry, out PcrSignature? signature)
    {
        signature = null;
        if (!PcrMask.TryParse(entry.Pcrs, out PcrMask pcrs)
            || !Encodings.TryHex(entry.KeyFingerprint, PolicyDigest.Length, out byte[] fingerprint)
            || !Encodings.TryHex(entry.Policy, PolicyDigest.Length, out byte[] policy)
            || !Encodings.TryBase64(entry.Signature, MaximumSignatureLength, out byte[] bytes))
        {
            return false;
        }

        signature = new(bank, pcrs, fingerprint, policy, bytes);
        return fingerprint.Length == PolicyDigest.Length && policy.Length == PolicyDigest.Length && bytes.Length != 0;
    }
}

internal sealed record PcrSignatureJson
{
    [JsonPropertyName("pcrs")]
    public List<int>? Pcrs { get; init; }

    [JsonPropertyName("pkfp")]
    public string? KeyFingerprint { get; init; }

    [JsonPropertyName("pol")]
    public string? Policy { get; init; }

    [JsonPropertyName("sig")]
    public string? Signature { get; init; }
}

/// <summary>JSON of systemd's PCR policy files; newer systemd adds members, so unknown ones are passed over.</summary>
[JsonSourceGenerationOptions(MaxDepth = 8)]
[JsonSerializable(typeof(Dictionary<string, List<PcrSignatureJson>>))]
[JsonSerializable(typeof(PcrlockJson))]
internal sealed partial class PcrPolicyJsonContext : JsonSerializerContext;
