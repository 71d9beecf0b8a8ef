using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.Tpm;

/// <summary>One bank of PCRs and which of them it has.</summary>
/// <param name="Hash">The bank's hash; may be one that is not computed here.</param>
/// <param name="Pcrs">Its PCRs; empty when the bank is known but off.</param>
public readonly record struct PcrBank(AlgorithmId Hash, PcrMask Pcrs);

/// <summary>Reads TPML_PCR_SELECTION, the answer of TPM2_GetCapability(TPM_CAP_PCRS).</summary>
public static class PcrBanks
{
    /// <summary>The most banks taken (HASH_COUNT of the TPMs in the field is below it).</summary>
    public const int MaximumCount = 16;

    /// <summary>Reads the list at the reader's place.</summary>
    public static bool TryRead(ref SpanReader reader, out IReadOnlyList<PcrBank> banks, out ParseError error)
    {
        banks = [];
        uint count = reader.U32BigEndian();
        if (count > MaximumCount)
        {
            error = new($"{count} PCR banks");
            return false;
        }

        var list = new List<PcrBank>((int)count);
        for (uint i = 0; i < count; i++)
        {
            AlgorithmId hash = reader.Algorithm();
            int length = reader.U8();
            ReadOnlySpan<byte> map = reader.Bytes(length);
            uint bits = 0;
            for (int b = 0; b < Math.Min(map.Length, PcrMask.SelectLength); b++)
            {
                bits |= (uint)map[b] << (8 * b);
            }

            list.Add(new(hash, new(bits)));
        }

        error = reader.Overrun ? new("PCR banks cut short") : default;
        banks = list;
        return !error.IsError;
    }
}
