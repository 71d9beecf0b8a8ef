using System;
using System.Buffers.Text;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>Gets the passphrase of a LUKS volume out of a systemd-tpm2 token.</summary>
public static class SystemdUnseal
{
    /// <summary>The most blobs of one token: systemd 258 makes two where a signed policy and pcrlock are both wanted.</summary>
    public const int MaximumBlobs = 2;

    /// <summary>Room that is enough for every passphrase, in bytes.</summary>
    public const int MaximumPassphraseLength = ((MaximumBlobs * Wire.MaximumSealedLength) + 2) / 3 * 4;

    private const int MaximumTries = 30;

    /// <summary>Unseals into <paramref name="passphrase"/>.</summary>
    /// <param name="tpm">The TPM, started.</param>
    /// <param name="token">The token.</param>
    /// <param name="evidence">Signatures and policies of this boot.</param>
    /// <param name="pin">UTF-8; empty when there is none.</param>
    /// <param name="passphrase">Locked memory of <see cref="MaximumPassphraseLength"/>.</param>
    /// <returns>The passphrase's length in bytes.</returns>
    /// <exception cref="TpmException">Why not; see <see cref="TpmException.Failure"/>.</exception>
    public static int Unseal(Tpm tpm, SystemdTpm2Token token, PolicyEvidence evidence, ReadOnlySpan<byte> pin, Span<byte> passphrase)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(evidence);
        List<SealedBlob> blobs = Check(token, pin);
        AlgorithmId bank = token.PcrBank?.Algorithm() ?? BestBank(tpm, new(token.Pcrs | token.PublicKeyPcrs));
        var policies = new SystemdPolicy[blobs.Count];
        for (int part = 0; part < policies.Length; part++)
        {
            policies[part] = new(tpm, token, evidence, bank, part);
        }

        using var secret = new SecretBuffer(MaximumBlobs * Wire.MaximumSealedLength);
        using var authorization = new SecretBuffer(PinAuthorization.Length);
        if (token.NeedsPin)
        {
            PinAuthorization.Derive(pin, token.Salt, authorization.Span);
        }

        int length = 0;
        using (LoadedObject primary = StorageRoot.ForToken(tpm, token))
        {
            for (int part = 0; part < blobs.Count; part++)
            {
                using LoadedObject sealedObject = Load(tpm, primary, blobs[part]);
                length += UnsealPart(
                    tpm, token, primary, sealedObject, policies[part], authorization.Span,
                    secret.Span.Slice(length, Wire.MaximumSealedLength));
            }
        }

        return Base64.EncodeToUtf8(secret.Span[..length], passphrase, out _, out int written) == System.Buffers.OperationStatus.Done
            ? written
            : throw new ArgumentException($"{passphrase.Length} bytes are too few", nameof(passphrase));
    }

    private static int UnsealPart(
        Tpm tpm, SystemdTpm2Token token, LoadedObject primary, LoadedObject sealedObject, SystemdPolicy policy,
        ReadOnlySpan<byte> authorization, Span<byte> secret)
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

            if (token.NeedsPin)
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
                throw Explain(tpm, token, policy, code);
            }
        }

        throw new TpmException(
            TpmFailure.PcrUnstable, $"a PCR changed during each of {MaximumTries} tries to unseal",
            "something measures without end; systemd-pcrlock log on a running system shows what");
    }

    private static TpmException Explain(Tpm tpm, SystemdTpm2Token token, SystemdPolicy policy, ResponseCode code) => code switch
    {
        { Number: ResponseCode.Lockout } => tpm.Explain(CommandCode.Unseal, code),
        { IsWrongAuthorization: true } when token.NeedsPin => new(TpmFailure.WrongPin, CommandCode.Unseal, code, "wrong PIN"),
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
                TpmFailure.OtherTpm, e.Message,
                "the TPM was cleared or replaced, or the token is damaged: unlock another way and enrol again");
        }
    }

    private static List<SealedBlob> Check(SystemdTpm2Token token, ReadOnlySpan<byte> pin)
    {
        int count = token.Blobs.Length;
        bool both = token.PublicKeyPcrs != 0 && token.UsesPcrlock;
        string? wrong = count is 0 or > MaximumBlobs ? $"{count} sealed blobs"
            : token.PolicyHashes.Length != count ? $"{count} sealed blobs with {token.PolicyHashes.Length} policy digests"
            : Array.Exists(token.PolicyHashes, d => d.Length != PolicyDigest.Length) ? "a policy digest that is not SHA-256"
            : both != (count == 2) ? $"{count} sealed blobs for {(both ? "a signed and a pcrlock policy" : "one policy")}"
            : null;
        if (wrong is not null)
        {
            throw new TpmException(TpmFailure.BadToken, $"the token has {wrong}");
        }

        if (token.NeedsPin && pin.IsEmpty)
        {
            throw new TpmException(TpmFailure.PinNeeded, "the token needs a PIN");
        }

        var blobs = new List<SealedBlob>();
        foreach (byte[] bytes in token.Blobs)
        {
            blobs.Add(SealedBlob.TryParse(bytes, out SealedBlob blob, out ParseError error)
                ? blob
                : throw new TpmException(TpmFailure.BadToken, $"the token: {error.Message}"));
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
