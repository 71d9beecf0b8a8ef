using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>What a new seal is bound to.</summary>
public sealed record SealBinding
{
    /// <summary>The PCR bank.</summary>
    public DigestAlgorithm Bank { get; init; } = DigestAlgorithm.Sha256;

    /// <summary>PCRs bound to the values they have now.</summary>
    public PcrMask Pcrs { get; init; }

    /// <summary>PCRs bound to what the key of <see cref="PublicKeyPem"/> signs, now and in later images.</summary>
    public PcrMask SignedPcrs { get; init; }

    /// <summary>/.extra/tpm2-pcr-public-key.pem; needed with <see cref="SignedPcrs"/>.</summary>
    public byte[] PublicKeyPem { get; init; } = [];
}

/// <summary>
/// Makes a new random passphrase and seals it as systemd-cryptenroll does, so that systemd's tools can use the token too.
/// </summary>
public static class SystemdSealer
{
    private const int SecretLength = 32;

    /// <summary>Seals a new random passphrase.</summary>
    /// <param name="tpm">The TPM, started.</param>
    /// <param name="binding">What unsealing will need.</param>
    /// <param name="pin">UTF-8; empty for none. Only with a PIN does the object count towards the dictionary attack lockout.</param>
    /// <param name="passphrase">Locked memory of <see cref="SystemdUnseal.MaximumPassphraseLength"/>: gets the passphrase for the key slot.</param>
    /// <param name="length">The passphrase's length in bytes.</param>
    /// <returns>The token of the key slot.</returns>
    /// <exception cref="TpmException"><see cref="TpmFailure.UselessPolicy"/>: a bank that is off, or a PCR that was never extended.</exception>
    public static SystemdTpm2Token Seal(Tpm tpm, SealBinding binding, ReadOnlySpan<byte> pin, Span<byte> passphrase, out int length)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        ArgumentNullException.ThrowIfNull(binding);
        PolicyDigest policy = Policy(tpm, binding, hasPin: !pin.IsEmpty);
        byte[] salt = pin.IsEmpty ? [] : new byte[PinAuthorization.SaltLength];
        RandomBytes.Fill(salt);

        using var secret = new SecretBuffer(SecretLength + PinAuthorization.Length);
        Span<byte> key = secret.Span[..SecretLength];
        Span<byte> authorization = pin.IsEmpty ? default : secret.Span[SecretLength..];
        Draw(tpm, key);
        if (!pin.IsEmpty)
        {
            PinAuthorization.Derive(pin, salt, authorization);
        }

        using LoadedObject parent = StorageRoot.GetOrCreate(tpm);
        SealedBlob blob;
        using (Session session = tpm.StartHmacSession(parent))
        {
            blob = tpm.Create(parent, session, PublicTemplates.SealedData(policy.Value, !pin.IsEmpty), authorization.TrimEnd((byte)0), key);
        }

        if (!blob.Public.Policy.AsSpan().SequenceEqual(policy.Value))
        {
            throw new TpmException(TpmFailure.BadAnswer, "the TPM sealed under another policy than asked for");
        }

        length = Base64.EncodeToUtf8(key, passphrase, out _, out int written) == OperationStatus.Done
            ? written
            : throw new ArgumentException($"{passphrase.Length} bytes are too few", nameof(passphrase));
        return new SystemdTpm2Token
        {
            Blobs = [blob.Encode()],
            PolicyHashes = [policy.Value.ToArray()],
            Pcrs = binding.Pcrs.Bits,
            PcrBank = binding.Bank,
            IsRsaPrimary = parent.Public.Type == AlgorithmId.Rsa,
            NeedsPin = !pin.IsEmpty,
            Salt = salt,
            UsesPcrlock = false,
            PublicKeyPcrs = binding.SignedPcrs.Bits,
            PublicKeyPem = binding.SignedPcrs.IsEmpty ? [] : binding.PublicKeyPem,
            StorageRootKey = SerializedHandle.EncodeKey(parent.Handle, parent.Name, parent.Public),
            PcrlockIndex = [],
        };
    }

    private static PolicyDigest Policy(Tpm tpm, SealBinding binding, bool hasPin)
    {
        var bound = new PcrMask(binding.Pcrs.Bits | binding.SignedPcrs.Bits);
        if (bound.IsEmpty && !hasPin)
        {
            throw new TpmException(TpmFailure.UselessPolicy, "a seal without PCRs and without a PIN would open for everybody");
        }

        AlgorithmId bank = binding.Bank.Algorithm();
        IReadOnlyDictionary<int, byte[]> values = tpm.ReadPcrs(bank, bound);
        foreach ((int pcr, byte[] value) in values)
        {
            if (PcrDiagnosis.IsUntouched(value))
            {
                throw new TpmException(
                    TpmFailure.UselessPolicy,
                    $"PCR {pcr} of the {Algorithms.Name(bank)} bank was never extended on this boot: a seal would bind nothing",
                    "is this a measured boot, with a systemd-stub UKI and a TPM that the firmware knows?");
            }
        }

        var policy = new PolicyDigest();
        if (!binding.SignedPcrs.IsEmpty)
        {
            if (!RsaPublicKeyPem.TryParse(binding.PublicKeyPem, out RsaPublicKeyPem key, out ParseError error))
            {
                throw new TpmException(TpmFailure.BadToken, $"the PCR signing key: {error.Message}");
            }

            policy.Authorize(EntityName.Of(PublicTemplates.PcrSigningKey(key.Modulus, key.Exponent)));
        }

        if (!binding.Pcrs.IsEmpty)
        {
            var literal = new List<byte>();
            foreach (int pcr in binding.Pcrs.Pcrs())
            {
                literal.AddRange(values[pcr]);
            }

            policy.Pcr(bank, binding.Pcrs, [.. literal]);
        }

        return hasPin ? policy.AuthValue() : policy;
    }

    /// <summary>The kernel's random bytes with the TPM's stirred in: as good as the better of the two.</summary>
    private static void Draw(Tpm tpm, Span<byte> key)
    {
        Span<byte> other = stackalloc byte[SecretLength];
        RandomBytes.Fill(key);
        tpm.GetRandom(other);
        for (int i = 0; i < key.Length; i++)
        {
            key[i] ^= other[i];
        }

        CryptographicOperations.ZeroMemory(other);
    }
}
