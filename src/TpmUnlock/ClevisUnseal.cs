using System;
using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>Gets the passphrase of a LUKS volume out of a clevis tpm2 token.</summary>
public static class ClevisUnseal
{
    /// <summary>The longest passphrase taken, in bytes; clevis makes them of 32 random bytes, a caller may bind any text.</summary>
    public const int MaximumPassphraseLength = 1024;

    private const int KeyLength = 32;
    private const int MaximumTries = 30;

    /// <summary>Unseals the key and decrypts the passphrase with it.</summary>
    /// <param name="tpm">The TPM, started.</param>
    /// <param name="seal">The token's seal.</param>
    /// <param name="evidence">PCR values at enrolment, where they were kept.</param>
    /// <param name="passphrase">Locked memory, at least as long as the encrypted passphrase.</param>
    /// <returns>The passphrase's length in bytes.</returns>
    /// <exception cref="TpmException">Why not.</exception>
    public static int Unseal(Tpm tpm, ClevisSeal seal, PolicyEvidence evidence, Span<byte> passphrase)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        ArgumentNullException.ThrowIfNull(seal);
        ArgumentNullException.ThrowIfNull(evidence);
        int length = seal.CipherText.Length;
        if (!seal.TryGetBlob(out SealedBlob blob, out ParseError error))
        {
            throw new TpmException(TpmFailure.BadToken, $"the clevis token: {error.Message}");
        }

        string? wrong = length is 0 or > MaximumPassphraseLength ? $"a passphrase of {length} bytes"
            : seal.Iv.Length != AesGcm.IvLength || seal.Tag.Length != AesGcm.TagLength ? "an initialisation vector or tag of a wrong length"
            : seal.KeyType is not (AlgorithmId.Ecc or AlgorithmId.Rsa) ? $"a {Algorithms.Name(seal.KeyType)} key, only ecc and rsa are known"
            : Algorithms.DigestLength(seal.NameHash) == 0 || Algorithms.DigestLength(seal.Bank) == 0 ? "an unknown hash"
            : null;
        if (wrong is not null)
        {
            throw new TpmException(TpmFailure.BadToken, $"the clevis token has {wrong}");
        }

        using var keyText = new SecretBuffer(Wire.MaximumSealedLength);
        using var key = new SecretBuffer(KeyLength);
        int textLength = UnsealKey(tpm, seal, blob, evidence, keyText.Span);
        ReadKey(keyText.Span[..textLength], key.Span);
        return AesGcm.TryDecrypt(key.Span, seal.Iv, seal.ProtectedHeader, seal.CipherText, seal.Tag, passphrase[..length])
            ? length
            : throw new TpmException(TpmFailure.BadToken, "the clevis token's encrypted passphrase does not fit its key");
    }

    private static int UnsealKey(Tpm tpm, ClevisSeal seal, SealedBlob blob, PolicyEvidence evidence, Span<byte> secret)
    {
        using LoadedObject primary = tpm.CreatePrimary(PublicTemplates.ToolsPrimary(seal.KeyType, seal.NameHash));
        using LoadedObject sealedObject = Load(tpm, primary, blob);
        for (int tries = 0; tries < MaximumTries; tries++)
        {
            using Session session = seal.Pcrs.IsEmpty ? tpm.StartHmacSession(primary) : tpm.StartPolicySession(primary);
            if (!seal.Pcrs.IsEmpty)
            {
                tpm.PolicyPcr(session, seal.Bank, seal.Pcrs);
                if (!tpm.PolicyGetDigest(session).AsSpan().SequenceEqual(blob.Public.Policy))
                {
                    throw PcrDiagnosis.Literal(tpm, seal.Bank, seal.Pcrs, evidence.ExpectedPcrs);
                }
            }

            ResponseCode code = tpm.TryUnseal(sealedObject, session, secret, out int length);
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
                TpmFailure.OtherTpm, e.Message, "the TPM was cleared or replaced, or the token is damaged: unlock another way and bind again");
        }
    }

    /// <summary>The <c>k</c> of a JSON Web Key (RFC 7518, 6.4), read where it lies: no text is made of it.</summary>
    private static void ReadKey(ReadOnlySpan<byte> json, Span<byte> key)
    {
        bool found = false;
        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("k"u8))
                {
                    reader.Read();
                    found = reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped
                        && Base64Url.DecodeFromUtf8(reader.ValueSpan, key, out _, out int written) == OperationStatus.Done && written == KeyLength;
                }
            }
        }
        catch (JsonException)
        {
            found = false;
        }

        if (!found)
        {
            throw new TpmException(TpmFailure.BadToken, "what the clevis token sealed is not a 256-bit JSON Web Key");
        }
    }
}
