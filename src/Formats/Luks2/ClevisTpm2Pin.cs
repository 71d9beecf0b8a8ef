using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>What clevis' tpm2 pin has sealed, and how. Source: latchset/clevis src/pins/tpm2/clevis-encrypt-tpm2.</summary>
/// <param name="Hash">Name algorithm of the primary key and of the sealed object.</param>
/// <param name="IsRsaPrimary">Whether the primary key is RSA; else it is ECC.</param>
/// <param name="PcrBank">The PCR bank; null if no PCR is bound.</param>
/// <param name="Pcrs">PCRs bound by their values: bit n for PCR n; 0 if the object has no policy.</param>
/// <param name="PublicArea">TPM2B_PUBLIC of the sealed object.</param>
/// <param name="PrivateArea">TPM2B_PRIVATE of the sealed object.</param>
public sealed record ClevisTpm2Pin(
    DigestAlgorithm Hash, bool IsRsaPrimary, DigestAlgorithm? PcrBank, uint Pcrs, byte[] PublicArea, byte[] PrivateArea);
