using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Formats.Json;

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

    /// <summary>Reads the file. Banks of hashes that are not known here are passed over, and so are members that newer systemd adds.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out IReadOnlyList<PcrSignature> value, out ParseError error)
    {
        value = [];
        if (json.Length > MaximumLength)
        {
            error = new($"PCR signatures longer than {MaximumLength} bytes");
            return false;
        }

        try
        {
            value = Read(json.TrimEnd((byte)0));
            error = default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader reports bytes that are not UTF-8 as an invalid operation.
            error = new($"PCR signatures are not valid: {e.Message}");
        }

        return !error.IsError;
    }

    private static List<PcrSignature> Read(ReadOnlySpan<byte> document)
    {
        var list = new List<PcrSignature>();
        var json = new JsonInput(document);
        json.BeginObject();
        while (json.NextMember(out string name))
        {
            AlgorithmId bank = Algorithms.Hash(name);
            if (bank == AlgorithmId.None)
            {
                json.Skip();
                continue;
            }

            json.BeginArray();
            while (json.NextItem())
            {
                list.Add(list.Count < MaximumCount ? ReadOne(bank, ref json) : throw json.Error($"more than {MaximumCount} signatures"));
            }
        }

        json.End();
        return list;
    }

    private static PcrSignature ReadOne(AlgorithmId bank, ref JsonInput json)
    {
        var pcrs = new List<int>();
        byte[] fingerprint = [], policy = [], signature = [];
        bool good = true;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "pcrs":
                    json.BeginArray();
                    while (json.NextItem())
                    {
                        pcrs.Add(pcrs.Count < PcrMask.Count ? (int)json.Number(0, PcrMask.Count - 1) : throw json.Error("too many"));
                    }

                    break;
                case "pkfp": good &= Encodings.TryHex(json.Text(), PolicyDigest.Length, out fingerprint); break;
                case "pol": good &= Encodings.TryHex(json.Text(), PolicyDigest.Length, out policy); break;
                case "sig": good &= Encodings.TryBase64(json.Text(), MaximumSignatureLength, out signature); break;
                default: json.Skip(); break;
            }
        }

        return good && PcrMask.TryParse(pcrs, out PcrMask mask)
            && fingerprint.Length == PolicyDigest.Length && policy.Length == PolicyDigest.Length && signature.Length != 0
                ? new(bank, mask, fingerprint, policy, signature)
                : throw json.Error("a malformed signature");
    }
}
