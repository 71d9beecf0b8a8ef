using System;
using System.Collections.Generic;
using System.Text;
using InitRuntime.Crypto;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>What a measurement did.</summary>
/// <param name="Log">The record for systemd's log.</param>
/// <param name="BanksLeftOut">Active banks of hashes that are not computed here: for a verifier they say nothing about this event.</param>
public sealed record MeasurementResult(EventLogRecord Log, IReadOnlyList<AlgorithmId> BanksLeftOut);

/// <summary>
/// Measurements of user space, as systemd-pcrextend and systemd-cryptsetup make them: into all active banks of a PCR with one command
/// (systemd docs/TPM2_PCR_MEASUREMENTS.md).
/// </summary>
public sealed class Measurement
{
    /// <summary>The PCR of the UKI and the boot phases.</summary>
    public const int KernelBootPcr = 11;

    /// <summary>The PCR of the volume keys and the machine's identity.</summary>
    public const int SystemIdentityPcr = 15;

    /// <summary>Measured before anything is unlocked.</summary>
    public const string EnterInitrd = "enter-initrd";

    /// <summary>Measured before anything that is not /init runs: hooks, a shell, the root file system. Signed policies end here.</summary>
    public const string LeaveInitrd = "leave-initrd";

    private readonly Tpm _tpm;
    private readonly List<AlgorithmId> _banks = [];
    private readonly List<AlgorithmId> _banksLeftOut = [];

    /// <summary>Asks the TPM for its active banks, once.</summary>
    public Measurement(Tpm tpm)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        _tpm = tpm;
        foreach (PcrBank bank in tpm.ReadPcrBanks())
        {
            if (!bank.Pcrs.IsEmpty)
            {
                (Algorithms.DigestLength(bank.Hash) != 0 ? _banks : _banksLeftOut).Add(bank.Hash);
            }
        }

        if (_banks.Count == 0)
        {
            throw new TpmException(TpmFailure.UselessPolicy, "the TPM has no active PCR bank of a known hash");
        }
    }

    /// <summary>Extends PCR 11 with a boot phase's word.</summary>
    public MeasurementResult Phase(string word)
    {
        byte[] text = Encoding.ASCII.GetBytes(word);
        return Extend(KernelBootPcr, word, "phase", hash => Digest.Of(hash, text));
    }

    /// <summary>
    /// Extends PCR 15 with an HMAC under the volume key, never with a digest of it: later parts of the boot can tell that this very
    /// volume was opened.
    /// </summary>
    /// <param name="key">The volume key, in locked memory.</param>
    /// <param name="volumeName">The name under /dev/mapper.</param>
    /// <param name="luksUuid">The UUID of the LUKS header.</param>
    public MeasurementResult VolumeKey(ReadOnlySpan<byte> key, string volumeName, string luksUuid)
    {
        string text = $"cryptsetup:{Escape(volumeName)}:{luksUuid}";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var digests = new List<MeasuredDigest>();
        foreach (AlgorithmId bank in _banks)
        {
            byte[] digest = new byte[Algorithms.DigestLength(bank)];
            Hmac.Compute(EntityName.Digest(bank), key, bytes, digest);
            digests.Add(new(bank, digest));
        }

        return Extend(SystemIdentityPcr, text, "volume-key", digests);
    }

    private MeasurementResult Extend(int pcr, string text, string eventType, Func<DigestAlgorithm, byte[]> hash)
    {
        var digests = new List<MeasuredDigest>();
        foreach (AlgorithmId bank in _banks)
        {
            digests.Add(new(bank, hash(EntityName.Digest(bank))));
        }

        return Extend(pcr, text, eventType, digests);
    }

    private MeasurementResult Extend(int pcr, string text, string eventType, List<MeasuredDigest> digests)
    {
        _tpm.ExtendPcr(pcr, digests);
        return new(new EventLogRecord { Pcr = pcr, Digests = digests, Text = text, EventType = eventType }, _banksLeftOut);
    }

    /// <summary>systemd's xescape(name, ":"): the separator, the backslash and all but printable ASCII become <c>\xNN</c>.</summary>
    private static string Escape(string name)
    {
        var text = new StringBuilder();
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            if (b is < (byte)' ' or >= 127 or (byte)'\\' or (byte)':')
            {
                text.Append($"\\x{b:x2}");
            }
            else
            {
                text.Append((char)b);
            }
        }

        return text.ToString();
    }
}
