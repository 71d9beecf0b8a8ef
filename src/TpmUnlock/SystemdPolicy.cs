using System;
using System.Collections.Generic;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// The policy of one systemd seal, or of one half of it, in systemd's order: signed PCRs, pcrlock, literal PCRs, PIN (systemd
/// src/shared/tpm2-util.c, tpm2_build_sealing_policy).
/// </summary>
internal sealed class SystemdPolicy
{
    private readonly Tpm _tpm;
    private readonly SystemdTpm2Token _token;
    private readonly PolicyEvidence _evidence;
    private readonly AlgorithmId _bank;
    private readonly byte[] _expected;
    private readonly RsaPublicKeyPem? _key;
    private readonly IReadOnlyList<PcrSignature> _signatures = [];
    private readonly PcrlockPolicy? _pcrlock;
    private readonly Queue<PublicArea> _keyForms = new();

    /// <summary>Reads and checks what the policy needs, without the TPM.</summary>
    /// <param name="tpm">The TPM.</param>
    /// <param name="token">The token.</param>
    /// <param name="evidence">What the machine knows.</param>
    /// <param name="bank">The PCR bank.</param>
    /// <param name="part">Which of the seal's blobs: with two, the first has the signed policy and the second has pcrlock.</param>
    internal SystemdPolicy(Tpm tpm, SystemdTpm2Token token, PolicyEvidence evidence, AlgorithmId bank, int part)
    {
        _tpm = tpm;
        _token = token;
        _evidence = evidence;
        _bank = bank;
        _expected = token.PolicyHashes[part];
        bool signed = token.PublicKeyPcrs != 0 && part == 0;
        bool locked = token.UsesPcrlock && part == token.Blobs.Length - 1;
        if (signed)
        {
            if (!RsaPublicKeyPem.TryParse(token.PublicKeyPem, out RsaPublicKeyPem key, out ParseError error))
            {
                throw new TpmException(TpmFailure.BadToken, $"the token's PCR signing key: {error.Message}");
            }

            _key = key;
            _signatures = ReadSignatures(evidence);
            ListKeyForms(key, locked);
        }

        if (locked)
        {
            _pcrlock = ReadPcrlock(evidence);
        }
    }

    /// <summary>
    /// Takes the session through the policy and compares its digest with the one sealed. False when another form of the signing key
    /// should be tried in a new session.
    /// </summary>
    internal bool TrySatisfy(Session session)
    {
        if (_key is not null)
        {
            AuthorizeSigned(session, _keyForms.Peek());
        }

        if (_pcrlock is not null)
        {
            AuthorizePcrlock(session, _pcrlock);
        }

        if (_token.Pcrs != 0)
        {
            _tpm.PolicyPcr(session, _bank, _token.BoundPcrs());
        }

        if (_token.NeedsPin)
        {
            _tpm.PolicyAuthValue(session);
        }

        if (_tpm.PolicyGetDigest(session).AsSpan().SequenceEqual(_expected))
        {
            return true;
        }

        if (_keyForms.Count > 1)
        {
            _keyForms.Dequeue();
            return false;
        }

        throw Mismatch();
    }

    /// <summary>The failure when the policy's digest is not the sealed one.</summary>
    internal TpmException Mismatch() => _token.Pcrs == 0
        ? new(TpmFailure.BadToken, "the token's policy digest is not the one its own fields make")
        : PcrDiagnosis.Literal(_tpm, _bank, _token.BoundPcrs(), _evidence.ExpectedPcrs);

    /// <summary>
    /// systemd changed how it writes the usual exponent, and the Name with it: 0x10001 or 0 (systemd#30546). Without literal PCRs the
    /// digest does not depend on the machine, so the right form is known before the TPM is asked.
    /// </summary>
    private void ListKeyForms(RsaPublicKeyPem key, bool locked)
    {
        ReadOnlySpan<uint> exponents = key.Exponent == PublicArea.DefaultExponent ? [key.Exponent, 0] : [key.Exponent];
        foreach (uint exponent in exponents)
        {
            PublicArea form = PublicTemplates.PcrSigningKey(key.Modulus, exponent);
            if (_token.Pcrs == 0 && !locked)
            {
                PolicyDigest digest = new PolicyDigest().Authorize(EntityName.Of(form));
                if (!(_token.NeedsPin ? digest.AuthValue() : digest).Value.SequenceEqual(_expected))
                {
                    continue;
                }
            }

            _keyForms.Enqueue(form);
        }

        if (_keyForms.Count == 0)
        {
            throw new TpmException(TpmFailure.BadToken, "the token's policy digest is not the one its own signing key makes");
        }
    }

    private void AuthorizeSigned(Session session, PublicArea form)
    {
        _tpm.PolicyPcr(session, _bank, _token.SignedPcrs());
        byte[] approved = _tpm.PolicyGetDigest(session);
        PcrSignature signature = Find(approved);
        using LoadedObject key = _tpm.LoadExternal(form);
        Response response = _tpm.TryVerifySignature(key, Digest.Of(DigestAlgorithm.Sha256, approved), signature.Signature);
        if (!response.Code.IsSuccess)
        {
            throw new TpmException(
                response.Code.Number == ResponseCode.Signature ? TpmFailure.NoSignature : TpmFailure.Refused,
                CommandCode.VerifySignature, response.Code, "PCR signature");
        }

        VerifiedTicket ticket = Tpm.Ticket(response);
        _tpm.PolicyAuthorize(session, approved, key.Name, ticket);
    }

    private PcrSignature Find(byte[] policy)
    {
        int ofKey = 0;
        int ofPcrs = 0;
        foreach (PcrSignature signature in _signatures)
        {
            if (signature.Bank != _bank || signature.Pcrs != _token.SignedPcrs())
            {
                continue;
            }

            ofPcrs++;
            if (!signature.KeyFingerprint.AsSpan().SequenceEqual(_key!.Fingerprint))
            {
                continue;
            }

            ofKey++;
            if (signature.Policy.AsSpan().SequenceEqual(policy))
            {
                return signature;
            }
        }

        throw ofKey != 0 ? PcrDiagnosis.Signed(_tpm, _bank, _token.SignedPcrs(), ofKey)
            : ofPcrs != 0 ? new TpmException(
                TpmFailure.NoSignature,
                $"this image's PCR signatures are of another key than the volume wants: " +
                $"wanted {Convert.ToHexStringLower(_key!.Fingerprint)[..16]}..")
            : new TpmException(
                TpmFailure.NoSignature,
                $"this image has no PCR signatures for PCR {_token.SignedPcrs()} in the {Algorithms.Name(_bank)} bank");
    }

    private void AuthorizePcrlock(Session session, PcrlockPolicy policy)
    {
        uint single = 0;
        var singleValues = new List<byte>();
        foreach (PcrPrediction prediction in policy.Predictions)
        {
            if (prediction.Values.Count == 1)
            {
                single |= 1u << prediction.Pcr;
                singleValues.AddRange(prediction.Values[0]);
            }
        }

        var digest = new PolicyDigest();
        if (single != 0)
        {
            digest.Pcr(policy.Bank, new(single), [.. singleValues]);
            _tpm.PolicyPcr(session, policy.Bank, new(single));
        }

        foreach (PcrPrediction prediction in policy.Predictions)
        {
            if (prediction.Values.Count == 1)
            {
                continue;
            }

            var branches = new List<byte[]>();
            foreach (byte[] value in prediction.Values)
            {
                branches.Add(new PolicyDigest(digest.Value).Pcr(policy.Bank, PcrMask.Of(prediction.Pcr), value).Value.ToArray());
            }

            _tpm.PolicyPcr(session, policy.Bank, PcrMask.Of(prediction.Pcr));
            try
            {
                _tpm.PolicyOr(session, branches, $"PCR {prediction.Pcr} of the pcrlock policy");
            }
            catch (TpmException e) when (e.Failure == TpmFailure.PcrMismatch)
            {
                throw PcrDiagnosis.Pcrlock(_tpm, policy) ?? e;
            }

            digest.Or(branches);
        }

        NvIndex index = _tpm.TryReadNvPublic(policy.Index.Handle) ?? throw new TpmException(
            TpmFailure.OtherTpm, $"the TPM has no NV index 0x{policy.Index.Handle:x8}, which holds the pcrlock policy",
            "the TPM was cleared or replaced, or the policy was removed: unlock another way and run systemd-pcrlock make-policy");
        Response response = _tpm.TryPolicyAuthorizeNv(session, index);
        if (response.Code.IsSuccess)
        {
            return;
        }

        // The index holds another policy than the session has: PCRs with a single allowed value are only checked here.
        throw PcrDiagnosis.Pcrlock(_tpm, policy) ?? new TpmException(
            TpmFailure.BadToken, CommandCode.PolicyAuthorizeNv, response.Code, "pcrlock.json is not the policy that the TPM holds",
            "run systemd-pcrlock make-policy, and remove other pcrlock.*.cred from /loader/credentials of the boot partition");
    }

    private static IReadOnlyList<PcrSignature> ReadSignatures(PolicyEvidence evidence)
    {
        if (evidence.PcrSignatures is not { } json)
        {
            throw new TpmException(
                TpmFailure.NoSignature,
                "the volume wants PCR signatures, and this boot has none: the UKI has no .pcrsig section, or was not started by systemd-stub");
        }

        return PcrSignatures.TryParse(json, out IReadOnlyList<PcrSignature> signatures, out ParseError error)
            ? signatures
            : throw new TpmException(TpmFailure.BadToken, error.Message);
    }

    private static PcrlockPolicy ReadPcrlock(PolicyEvidence evidence)
    {
        if (evidence.Pcrlock is not { } json)
        {
            throw new TpmException(
                TpmFailure.NoSignature, "the volume wants a pcrlock policy, and there is no pcrlock.json",
                "systemd-pcrlock make-policy writes it to /loader/credentials of the boot partition, from where systemd-stub brings it");
        }

        return PcrlockPolicy.TryParse(json, out PcrlockPolicy policy, out ParseError error)
            ? policy
            : throw new TpmException(TpmFailure.BadToken, error.Message);
    }
}
