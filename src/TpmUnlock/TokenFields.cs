using InitRuntime.Crypto;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>Fields of tokens in the TPM's terms.</summary>
internal static class TokenFields
{
    internal static PcrMask BoundPcrs(this SystemdTpm2Token token) => new(token.Pcrs);

    internal static PcrMask SignedPcrs(this SystemdTpm2Token token) => new(token.PublicKeyPcrs);

    internal static AlgorithmId PrimaryType(this SystemdTpm2Token token) => token.IsRsaPrimary ? AlgorithmId.Rsa : AlgorithmId.Ecc;

    internal static AlgorithmId Algorithm(this DigestAlgorithm hash) => hash switch
    {
        DigestAlgorithm.Sha1 => AlgorithmId.Sha1,
        DigestAlgorithm.Sha256 => AlgorithmId.Sha256,
        DigestAlgorithm.Sha384 => AlgorithmId.Sha384,
        _ => AlgorithmId.Sha512,
    };
}
