using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// Gets the passphrase of a LUKS volume out of a clevis token (latchset/clevis src/pins/tpm2). Unlike clevis itself this encrypts the
/// TPM's answer on its way.
/// </summary>
public static class ClevisUnseal
{
    private const int MaximumTries = 30;

    /// <summary>Unseals the key and decrypts the passphrase with it.</summary>
    /// <param name="tpm">The TPM, started.</param>
    /// <param name="token">The token.</param>
    /// <param name="evidence">PCR values at enrolment, where they were kept.</param>
    /// <param name="passphrase">Locked memory, at least <see cref="ClevisToken.PassphraseLength"/> bytes.</param>
    /// <returns>The passphrase's length in bytes.</returns>
    /// <exception cref="TpmException">Why not; see <see cref="TpmException.Failure"/>.</exception>
    public static int Unseal(Tpm tpm, ClevisToken token, PolicyEvidence evidence, Span<byte> passphrase)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(evidence);
        if (!SealedBlob.TryParse([.. token.Pin.PrivateArea, .. token.Pin.PublicArea], out SealedBlob blob, out ParseError error))
        {
            throw new TpmException(TpmFailure.BadToken, $"the clevis token: {error.Message}");
        }

        using var key = new SecretBuffer(Wire.MaximumSealedLength);
        int length = UnsealKey(tpm, token.Pin, blob, evidence, key.Span);
        return token.TryOpen(key.Span[..length], passphrase, out error)
            ? token.PassphraseLength
            : throw new TpmException(TpmFailure.BadToken, $"the clevis token: {error.Message}");
    }

    private static int UnsealKey(Tpm tpm, ClevisTpm2Pin pin, SealedBlob blob, PolicyEvidence evidence, Span<byte> key)
    {
        using LoadedObject primary = tpm.CreatePrimary(
            PublicTemplates.ToolsPrimary(pin.IsRsaPrimary ? AlgorithmId.Rsa : AlgorithmId.Ecc, pin.Hash.Algorithm()));
        using LoadedObject sealedObject = Load(tpm, primary, blob);
        for (int tries = 0; tries < MaximumTries; tries++)
        {
            using Session session = pin.PcrBank is null ? tpm.StartHmacSession(primary) : tpm.StartPolicySession(primary);
            if (pin.PcrBank is { } bank)
            {
                tpm.PolicyPcr(session, bank.Algorithm(), new(pin.Pcrs));
                if (!tpm.PolicyGetDigest(session).AsSpan().SequenceEqual(blob.Public.Policy))
                {
                    throw PcrDiagnosis.Literal(tpm, bank.Algorithm(), new(pin.Pcrs), evidence.ExpectedPcrs);
                }
            }

            ResponseCode code = tpm.TryUnseal(sealedObject, session, key, out int length);
            if (code.IsSuccess)
            {
                return length;
            }

            if (code.Number != ResponseCode.PcrChanged)
            {
                throw tpm.Explain(CommandCode.Unseal, code, "clevis key");
            }
        }

        throw new TpmException(TpmFailure.PcrUnstable, $"a PCR changed during each of {MaximumTries} tries to unseal");
    }

    private static LoadedObject Load(Tpm tpm, LoadedObject primary, SealedBlob blob)
    {
        try
        {
            return tpm.Load(primary, blob.Private, blob.Public);
        }
        catch (TpmException e) when (e.Failure == TpmFailure.OtherTpm)
        {
            throw new TpmException(
                TpmFailure.OtherTpm, e.Message,
                "the TPM was cleared or replaced, or the token is damaged: unlock another way and bind again");
        }
    }
}
