using System;
using System.Collections.Generic;
using System.Text;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>Says which PCR differs, as far as that can be known: a policy's digest alone does not tell.</summary>
internal static class PcrDiagnosis
{
    private const int ShownBytes = 8;

    /// <summary>The failure of a policy on literal values.</summary>
    internal static TpmException Literal(Tpm tpm, AlgorithmId bank, PcrMask pcrs, IReadOnlyDictionary<int, byte[]>? expected)
    {
        IReadOnlyDictionary<int, byte[]> found = tpm.ReadPcrs(bank, pcrs);
        var text = new StringBuilder();
        foreach ((int pcr, byte[] value) in found)
        {
            if (expected is not null && expected.TryGetValue(pcr, out byte[]? was) && !was.AsSpan().SequenceEqual(value))
            {
                text.Append($"{(text.Length == 0 ? "" : "; ")}PCR {pcr} differs: expected {Show(was)}, found {Show(value)}");
            }
        }

        if (text.Length == 0)
        {
            text.Append(pcrs.Length == 1
                ? $"PCR {pcrs} differs from the value at enrolment: "
                : $"at least one of the PCRs {pcrs} differs from its value at enrolment: ");
            text.Append("found ").Append(Values(found));
        }

        return new(
            TpmFailure.PcrMismatch, $"{text} ({Algorithms.Name(bank)} bank)",
            "firmware, its settings or its Secure Boot keys may have changed: unlock another way and enrol again");
    }

    /// <summary>The failure of a signed policy: nothing the key signed fits the values now.</summary>
    internal static TpmException Signed(Tpm tpm, AlgorithmId bank, PcrMask pcrs, int signedStates) => new(
        TpmFailure.PcrMismatch,
        $"PCR {pcrs} is in none of the {signedStates} states that are signed for this image: " +
        $"found {Values(tpm.ReadPcrs(bank, pcrs))} ({Algorithms.Name(bank)} bank)",
        "another image was booted than the one these signatures belong to, or this boot phase is not signed for");

    /// <summary>The failure of a pcrlock policy; null when all PCRs have values it knows.</summary>
    internal static TpmException? Pcrlock(Tpm tpm, PcrlockPolicy policy)
    {
        uint bits = 0;
        foreach (PcrPrediction prediction in policy.Predictions)
        {
            bits |= 1u << prediction.Pcr;
        }

        IReadOnlyDictionary<int, byte[]> found = tpm.ReadPcrs(policy.Bank, new(bits));
        var text = new StringBuilder();
        foreach (PcrPrediction prediction in policy.Predictions)
        {
            byte[] value = found[prediction.Pcr];
            bool known = false;
            var expected = new StringBuilder();
            foreach (byte[] allowed in prediction.Values)
            {
                known |= allowed.AsSpan().SequenceEqual(value);
                expected.Append(expected.Length == 0 ? "" : " or ").Append(Show(allowed));
            }

            if (!known)
            {
                text.Append($"{(text.Length == 0 ? "" : "; ")}PCR {prediction.Pcr} differs: expected {expected}, found {Show(value)}");
            }
        }

        return text.Length == 0
            ? null
            : new(
                TpmFailure.PcrMismatch, $"{text} ({Algorithms.Name(policy.Bank)} bank, pcrlock policy)",
                "unlock another way and run systemd-pcrlock make-policy again");
    }

    private static string Values(IReadOnlyDictionary<int, byte[]> values)
    {
        var text = new StringBuilder();
        foreach ((int pcr, byte[] value) in values)
        {
            text.Append($"{(text.Length == 0 ? "" : ", ")}{pcr}={Show(value)}{Remark(value)}");
        }

        return text.ToString();
    }

    private static string Remark(ReadOnlySpan<byte> value) => IsUntouched(value) ? " (never extended)" : "";

    /// <summary>Whether the value is the one a PCR has after start, so that it says nothing.</summary>
    internal static bool IsUntouched(ReadOnlySpan<byte> value) => value.TrimStart((byte)0).IsEmpty || value.TrimStart((byte)0xff).IsEmpty;

    private static string Show(ReadOnlySpan<byte> value) =>
        value.Length <= ShownBytes ? Convert.ToHexStringLower(value) : Convert.ToHexStringLower(value[..ShownBytes]) + "..";
}
