using System;
using InitRuntime.Crypto;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>A bank of PCRs: the digest its registers hold, under the names that systemd and the TPM have for it.</summary>
/// <param name="Algorithm">The digest.</param>
/// <param name="Name">As in <c>.pcrsig</c> and <c>systemd-measure --bank=</c>.</param>
/// <param name="TpmIdentifier">TPM_ALG_ID (TCG Algorithm Registry).</param>
internal sealed record PcrBank(DigestAlgorithm Algorithm, string Name, ushort TpmIdentifier)
{
    internal static PcrBank Sha1 { get; } = new(DigestAlgorithm.Sha1, "sha1", 0x0004);

    internal static PcrBank Sha256 { get; } = new(DigestAlgorithm.Sha256, "sha256", 0x000b);

    internal static PcrBank Sha384 { get; } = new(DigestAlgorithm.Sha384, "sha384", 0x000c);

    internal static PcrBank Sha512 { get; } = new(DigestAlgorithm.Sha512, "sha512", 0x000d);

    /// <summary>All that a TPM 2.0 may have, as systemd-measure orders them.</summary>
    internal static ReadOnlySpan<PcrBank> All => new[] { Sha1, Sha256, Sha384, Sha512 };
}
