using System.Collections.Generic;

namespace InitRuntime.TpmUnlock;

/// <summary>What the machine knows about the policies it may meet. All of it may be missing; none of it is trusted.</summary>
public sealed record PolicyEvidence
{
    /// <summary>/.extra/tpm2-pcr-signature.json; null when the UKI has no <c>.pcrsig</c>.</summary>
    public byte[]? PcrSignatures { get; init; }

    /// <summary>pcrlock.json; null when there is none.</summary>
    public byte[]? Pcrlock { get; init; }

    /// <summary>The PCR values that were there when the secret was sealed, where they were kept: only to say which one differs.</summary>
    public IReadOnlyDictionary<int, byte[]>? ExpectedPcrs { get; init; }
}
