using System.Collections.Generic;
using System.Numerics;

namespace InitRuntime.Formats.Tpm;

/// <summary>A set of PCRs, bit n for PCR n.</summary>
/// <param name="Bits">The 24 bits.</param>
public readonly record struct PcrMask(uint Bits)
{
    /// <summary>How many PCRs a PC Client TPM has.</summary>
    public const int Count = 24;

    /// <summary>All that may be set.</summary>
    public const uint All = (1u << Count) - 1;

    /// <summary>Bytes of a TPMS_PCR_SELECTION's bit map.</summary>
    public const int SelectLength = Count / 8;

    /// <summary>Whether no PCR is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>How many are in it.</summary>
    public int Length => BitOperations.PopCount(Bits);

    /// <summary>The set of one.</summary>
    public static PcrMask Of(int pcr) => new(1u << pcr);

    /// <summary>Whether that PCR is in it.</summary>
    public bool Contains(int pcr) => pcr is >= 0 and < Count && (Bits & (1u << pcr)) != 0;

    /// <summary>The PCRs, ascending.</summary>
    public IEnumerable<int> Pcrs()
    {
        for (int pcr = 0; pcr < Count; pcr++)
        {
            if (Contains(pcr))
            {
                yield return pcr;
            }
        }
    }

    /// <summary>Reads a list of PCR numbers, as JSON has it.</summary>
    public static bool TryParse(IReadOnlyList<int>? pcrs, out PcrMask mask)
    {
        uint bits = 0;
        mask = default;
        if (pcrs is null)
        {
            return false;
        }

        foreach (int pcr in pcrs)
        {
            if (pcr is < 0 or >= Count)
            {
                return false;
            }

            bits |= 1u << pcr;
        }

        mask = new(bits);
        return true;
    }

    /// <summary>Appends a TPML_PCR_SELECTION of this one bank: one entry, three bytes of bit map.</summary>
    public void Write(ref WireWriter writer, AlgorithmId bank)
    {
        writer.U32(1);
        writer.Algorithm(bank);
        writer.U8(SelectLength);
        writer.U8((byte)(Bits & 0xff));
        writer.U8((byte)((Bits >> 8) & 0xff));
        writer.U8((byte)((Bits >> 16) & 0xff));
    }

    /// <summary>For example <c>7+11</c>.</summary>
    public override string ToString() => IsEmpty ? "none" : string.Join('+', Pcrs());
}
