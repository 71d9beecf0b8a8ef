using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

public sealed partial class Tpm
{
    private const int MaximumReads = 2 * PcrMask.Count;

    /// <summary>TPM2_PCR_Read, as often as it takes: the values of these PCRs, ascending.</summary>
    /// <exception cref="TpmException">The bank is off, or lacks one of them.</exception>
    public IReadOnlyDictionary<int, byte[]> ReadPcrs(AlgorithmId bank, PcrMask pcrs)
    {
        var values = new SortedDictionary<int, byte[]>();
        uint missing = pcrs.Bits;
        for (int reads = 0; missing != 0; reads++)
        {
            WireWriter parameters = Parameters();
            new PcrMask(missing).Write(ref parameters, bank);
            Response response = Execute(
                CommandCode.PcrRead, [], Authorization.None, parameters, what: $"PCRs {new PcrMask(missing)} of {Algorithms.Name(bank)}");
            var reader = new SpanReader(response.Parameters);
            reader.U32BigEndian();
            if (!PcrBanks.TryRead(ref reader, out IReadOnlyList<PcrBank> read, out ParseError error))
            {
                throw Malformed(CommandCode.PcrRead, error);
            }

            uint got = read.Count == 1 && read[0].Hash == bank ? read[0].Pcrs.Bits & missing : 0;
            uint count = reader.U32BigEndian();
            if (got == 0 || count == 0 || reads == MaximumReads)
            {
                throw new TpmException(
                    TpmFailure.UselessPolicy, $"the TPM has no PCR {new PcrMask(missing)} in its {Algorithms.Name(bank)} bank");
            }

            int taken = 0;
            foreach (int pcr in new PcrMask(got).Pcrs())
            {
                if (taken++ == count)
                {
                    break;
                }

                ReadOnlySpan<byte> value = reader.Sized(Algorithms.MaximumDigestLength);
                if (reader.Overrun || value.Length != Algorithms.DigestLength(bank))
                {
                    throw Malformed(CommandCode.PcrRead);
                }

                values[pcr] = value.ToArray();
                missing &= ~(1u << pcr);
            }
        }

        return values;
    }

    /// <summary>TPM2_PCR_Extend: all given banks of one PCR in one command.</summary>
    public void ExtendPcr(int pcr, IReadOnlyList<MeasuredDigest> extensions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(pcr, PcrMask.Count);
        WireWriter parameters = Parameters();
        parameters.U32((uint)extensions.Count);
        foreach (MeasuredDigest extension in extensions)
        {
            parameters.Algorithm(extension.Bank);
            parameters.Bytes(extension.Digest);
        }

        Execute(CommandCode.PcrExtend, [new((uint)pcr)], Authorization.EmptyPassword, parameters, what: $"PCR {pcr}");
    }
}
