using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Formats.Json;

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

    private const int MaximumEntries = 256;

    /// <summary>The PCR bank.</summary>
    public required AlgorithmId Bank { get; init; }

    /// <summary>Ascending by PCR; none when systemd-pcrlock found no PCR that it can predict: such a policy binds nothing.</summary>
    public required IReadOnlyList<PcrPrediction> Predictions { get; init; }

    /// <summary>The index that holds the policy.</summary>
    public required SerializedHandle Index { get; init; }

    /// <summary>Reads the file. Members that are not needed here are passed over.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out PcrlockPolicy value, out ParseError error)
    {
        value = null!;
        if (json.Length > MaximumLength)
        {
            error = new($"pcrlock policy longer than {MaximumLength} bytes");
            return false;
        }

        string? bankName = null, handleText = null;
        List<Entry> entries;
        try
        {
            entries = Read(json, ref bankName, ref handleText);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader reports bytes that are not UTF-8 as an invalid operation.
            error = new($"pcrlock policy is not valid: {e.Message}");
            return false;
        }

        AlgorithmId bank = Algorithms.Hash(bankName);
        if (bank == AlgorithmId.None)
        {
            error = new("pcrlock policy without a known PCR bank");
            return false;
        }

        if (!Encodings.TryBase64(handleText, SerializedHandle.MaximumLength, out byte[] handle))
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

        if (!TryPredictions(bank, entries, out IReadOnlyList<PcrPrediction> predictions))
        {
            error = new("pcrlock policy with malformed PCR values");
            return false;
        }

        value = new() { Bank = bank, Predictions = predictions, Index = index };
        return true;
    }

    private static List<Entry> Read(ReadOnlySpan<byte> document, ref string? bank, ref string? handle)
    {
        var entries = new List<Entry>();
        var json = new JsonInput(document);
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "pcrBank": bank = json.Text(); break;
                case "nvHandle": handle = json.Text(); break;
                case "pcrValues":
                    json.BeginArray();
                    while (json.NextItem())
                    {
                        entries.Add(entries.Count < MaximumEntries ? ReadEntry(ref json) : throw json.Error($"more than {MaximumEntries}"));
                    }

                    break;
                default: json.Skip(); break;
            }
        }

        json.End();
        return entries;
    }

    private static Entry ReadEntry(ref JsonInput json)
    {
        long? pcr = null;
        List<string>? values = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "pcr": pcr = json.Number(0, PcrMask.Count - 1); break;
                case "values": values = json.Texts(MaximumEntries); break;
                default: json.Skip(); break;
            }
        }

        return new((int)json.Required(pcr, "pcr"), json.Required(values, "values"));
    }

    private static bool TryPredictions(AlgorithmId bank, List<Entry> entries, out IReadOnlyList<PcrPrediction> predictions)
    {
        predictions = [];
        var byPcr = new SortedDictionary<int, List<byte[]>>();
        foreach ((int pcr, List<string> values) in entries)
        {
            if (!byPcr.TryGetValue(pcr, out List<byte[]>? known))
            {
                byPcr[pcr] = known = [];
            }

            foreach (string text in values)
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

    /// <summary>One item of <c>pcrValues</c>.</summary>
    private readonly record struct Entry(int Pcr, List<string> Values);
}
