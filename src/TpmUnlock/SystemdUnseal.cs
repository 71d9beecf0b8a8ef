using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>Gets the passphrase of a LUKS volume out of a systemd-tpm2 token.</summary>
public static class SystemdUnseal
{
    /// <summary>Room that is enough for every passphrase, in bytes.</summary>
    public const int MaximumPassphraseLength = ((SystemdSeal.MaximumBlobs * Wire.MaximumSealedLength) + 2) / 3 * 4;

    private const int MaximumTries = 30;

    /// <summary>Unseals into <paramref name="passphrase"/>.</summary>
    /// <param name="tpm">The TPM, started.</param>
    /// <param name="seal">The token's seal.</param>
    /// <param name="evidence">Signatures and policies of this boot.</param>
    /// <param name="pin">UTF-8; empty when there is none.</param>
    /// <param name="passphrase">Locked memory of <see cref="MaximumPassphraseLength"/>.</param>
    /// <returns>The passphrase's length in bytes.</returns>
    /// <exception cref="TpmException">Why not; see <see cref="TpmException.Failure"/>.</exception>
    public static int Unseal(Tpm tpm, SystemdSeal seal, PolicyEvidence evidence, ReadOnlySpan<byte> pin, Span<byte> passphrase)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        ArgumentNullException.ThrowIfNull(seal);
        ArgumentNullException.ThrowIfNull(evidence);
        List<SealedBlob> blobs = Check(seal, pin);
        AlgorithmId bank = seal.Bank != AlgorithmId.None ? seal.Bank : BestBank(tpm, new(seal.Pcrs.Bits | seal.SignedPcrs.Bits));
        var policies = blobs.Select((_, part) => new SystemdPolicy(tpm, seal, evidence, bank, part)).ToList();

        using var secret = new SecretBuffer(SystemdSeal.MaximumBlobs * Wire.MaximumSealedLength);
        using var authorization = new SecretBuffer(PinAuthorization.Length);
        if (seal.NeedsPin)
        {
            PinAuthorization.Derive(pin, seal.Salt, authorization.Span);
        }

        int length = 0;
        using (LoadedObject primary = StorageRoot.ForSeal(tpm, seal))
        {
            for (int part = 0; part < blobs.Count; part++)
            {
                using LoadedObject sealedObject = Load(tpm, primary, blobs[part]);
                length += UnsealPart(
                    tpm, seal, primary, sealedObject, policies[part], authorization.Span, secret.Span.Slice(length, Wire.MaximumSealedLength));
            }
        }

        return Base64.EncodeToUtf8(secret.Span[..length], passphrase, out _, out int written) == System.Buffers.OperationStatus.Done
            ? written
            : throw new ArgumentException($"{passphrase.Length} bytes are too few", nameof(passphrase));
    }

    private static int UnsealPart(
        Tpm tpm, SystemdSeal seal, LoadedObject primary, LoadedObject sealedObject, SystemdPolicy policy, ReadOnlySpan<byte> authorization,
        Span<byte> secret)
    {
        for (int tries = 0; tries < MaximumTries; tries++)
        {
            using Session session = tpm.StartPolicySession(primary);
            try
            {
                if (!policy.TrySatisfy(session))
                {
                    continue;
                }
            }
            catch (TpmException e) when (e.Code.Number == ResponseCode.PcrChanged)
            {
                continue;
            }

            if (seal.NeedsPin)
            {
                session.SetAuthValue(authorization);
            }

            ResponseCode code = tpm.TryUnseal(sealedObject, session, secret, out int length);
            if (code.IsSuccess)
            {
                return length;
            }

            if (code.Number != ResponseCode.PcrChanged)
            {
                throw Explain(tpm, seal, policy, code);
            }
        }

        throw new TpmException(
            TpmFailure.PcrUnstable, $"a PCR changed during each of {MaximumTries} tries to unseal",
            "something measures without end; systemd-pcrlock log on a running system shows what");
    }

    private static TpmException Explain(Tpm tpm, SystemdSeal seal, SystemdPolicy policy, ResponseCode code) => code switch
    {
        { Number: ResponseCode.Lockout } => tpm.Explain(CommandCode.Unseal, code),
        { IsWrongAuthorization: true } when seal.NeedsPin => new(TpmFailure.WrongPin, CommandCode.Unseal, code, "wrong PIN"),
        { Number: ResponseCode.PolicyFail } => policy.Mismatch(),
        _ => tpm.Explain(CommandCode.Unseal, code),
    };

    private static LoadedObject Load(Tpm tpm, LoadedObject primary, SealedBlob blob)
    {
        try
        {
            byte[] secretArea = blob.Seed.Length == 0 ? blob.Private : tpm.Import(primary, blob);
            return tpm.Load(primary, secretArea, blob.Public);
        }
        catch (TpmException e) when (e.Failure == TpmFailure.OtherTpm)
        {
            throw new TpmException(
                TpmFailure.OtherTpm, $"{e.Message}", "the TPM was cleared or replaced, or the token is damaged: unlock another way and enrol again");
        }
    }

    private static List<SealedBlob> Check(SystemdSeal seal, ReadOnlySpan<byte> pin)
    {
        int count = seal.Blobs.Count;
        bool both = !seal.SignedPcrs.IsEmpty && seal.UsesPcrlock;
        string? wrong = count is 0 or > SystemdSeal.MaximumBlobs ? $"{count} sealed blobs"
            : seal.PolicyDigests.Count != count ? $"{count} sealed blobs with {seal.PolicyDigests.Count} policy digests"
            : seal.PolicyDigests.Any(d => d.Length != PolicyDigest.Length) ? "a policy digest that is not SHA-256"
            : both != (count == 2) ? $"{count} sealed blobs for {(both ? "a signed and a pcrlock policy" : "one policy")}"
            : seal.Bank != AlgorithmId.None && Algorithms.DigestLength(seal.Bank) == 0 ? $"PCR bank {Algorithms.Name(seal.Bank)}"
            : seal.PrimaryType is not (AlgorithmId.Ecc or AlgorithmId.Rsa) ? $"primary key of type {Algorithms.Name(seal.PrimaryType)}"
            : null;
        if (wrong is not null)
        {
            throw new TpmException(TpmFailure.BadToken, $"the token has {wrong}");
        }

        if (seal.NeedsPin && pin.IsEmpty)
        {
            throw new TpmException(TpmFailure.PinNeeded, "the token needs a PIN");
        }

        var blobs = new List<SealedBlob>();
        foreach (byte[] bytes in seal.Blobs)
        {
            blobs.Add(SealedBlob.TryParse(bytes, out SealedBlob blob, out ParseError error) ? blob : throw new TpmException(TpmFailure.BadToken, $"the token: {error.Message}"));
        }

        return blobs;
    }

    /// <summary>For tokens without a bank: SHA-256 where it has all the PCRs, else SHA-1, as systemd 249 chose when it enrolled.</summary>
    private static AlgorithmId BestBank(Tpm tpm, PcrMask pcrs)
    {
        foreach (AlgorithmId wanted in (ReadOnlySpan<AlgorithmId>)[AlgorithmId.Sha256, AlgorithmId.Sha1])
        {
            foreach (PcrBank bank in tpm.ReadPcrBanks())
            {
                if (bank.Hash == wanted && !bank.Pcrs.IsEmpty && (bank.Pcrs.Bits & pcrs.Bits) == pcrs.Bits)
                {
                    return wanted;
                }
            }
        }

        throw new TpmException(TpmFailure.UselessPolicy, $"the TPM has no active sha256 or sha1 bank with PCRs {pcrs}");
    }
}
