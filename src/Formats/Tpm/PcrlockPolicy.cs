using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InitRuntime.Formats.Tpm;

/// <summary>The values one PCR may have.</summary>
/// <param name="Pcr">Its number.</param>
/// <param name="Values">One to eight values, in the order of the policy's branches.</param>
public sealed record PcrPrediction(int Pcr, IReadOnlyList<byte[]> Values);

/// <summary>
/// pcrlock.json of systemd-pcrlock(8): which values the PCRs may have. The policy made of them is held by an NV index, so that it can
/// be renewed without a new seal; whoever changes this file alone gets a policy that the index refuses.
/// </summary>
public sealed record PcrlockPolicy
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>The PCR bank.</summary>
    public required AlgorithmId Bank { get; init; }

    /// <summary>Ascending by PCR; none when systemd-pcrlock found no PCR that it can predict: such a policy binds nothing.</summary>
    public required IReadOnlyList<PcrPrediction> Predictions { get; init; }

    /// <summary>The index that holds the policy.</summary>
    public required SerializedHandle Index { get; init; }

    /// <summary>Reads the file.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out PcrlockPolicy value, out ParseError error)
    {
        value = null!;
        PcrlockJson? parsed;
        try
        {
            parsed = json.Length > MaximumLength ? null : JsonSerializer.Deserialize(json, PcrPolicyJsonContext.Default.PcrlockJson);
        }
        catch (JsonException e)
        {
            error = new($"pcrlock policy is not valid: {e.Message}");
            return false;
        }

        AlgorithmId bank = Algorithms.Hash(parsed?.Bank);
        if (parsed is null || bank == AlgorithmId.None)
        {
            error = new("pcrlock policy without a known PCR bank");
            return false;
        }

        if (!Encodings.TryBase64(parsed.NvHandle, SerializedHandle.MaximumLength, out byte[] handle))
        {
            error = new("pcrlock policy without an NV handle");
            return false;
        }

        if (!SerializedHandle.TryParse(handle, out SerializedHandle index, out error))
        {
            return false;
        }

        if (index.Nv is null)
        {
            error = new("pcrlock policy whose handle is not an NV index");
            return false;
        }

        if (!TryPredictions(bank, parsed.Values, out IReadOnlyList<PcrPrediction> predictions))
        {
            error = new("pcrlock policy with malformed PCR values");
            return false;
        }

        value = new() { Bank = bank, Predictions = predictions, Index = index };
        return true;
    }

    private static bool TryPredictions(AlgorithmId bank, List<PcrlockValueJson>? entries, out IReadOnlyList<PcrPrediction> predictions)
    {
        predictions = [];
        var byPcr = new SortedDictionary<int, List<byte[]>>();
        foreach (PcrlockValueJson? entry in entries ?? [])
        {
            if (entry is not { Pcr: { } pcr and >= 0 and < PcrMask.Count, Values: { } values })
            {
                return false;
            }

            if (!byPcr.TryGetValue(pcr, out List<byte[]>? known))
            {
                byPcr[pcr] = known = [];
            }

            foreach (string? text in values)
            {
                if (!Encodings.TryHex(text, Algorithms.MaximumDigestLength, out byte[] digest)
                    || digest.Length != Algorithms.DigestLength(bank))
                {
                    return false;
                }

                // Duplicates are allowed in the file and count once.
                if (!known.Exists(d => d.AsSpan().SequenceEqual(digest)))
                {
                    known.Add(digest);
                }
            }

            if (known.Count is 0 or > PolicyDigest.MaximumBranches)
            {
                return false;
            }
        }

        var list = new List<PcrPrediction>();
        foreach ((int pcr, List<byte[]> values) in byPcr)
        {
            list.Add(new(pcr, values));
        }

        predictions = list;
        return true;
    }
}

internal sealed record PcrlockJson
{
    [JsonPropertyName("pcrBank")]
    public string? Bank { get; init; }

    [JsonPropertyName("pcrValues")]
    public List<PcrlockValueJson>? Values { get; init; }

    [JsonPropertyName("nvHandle")]
    public string? NvHandle { get; init; }
}

internal sealed record PcrlockValueJson
{
    [JsonPropertyName("pcr")]
    public int? Pcr { get; init; }

    [JsonPropertyName("values")]
    public List<string>? Values { get; init; }
}
