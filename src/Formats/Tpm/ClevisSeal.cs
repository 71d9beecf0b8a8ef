namespace InitRuntime.Formats.Tpm;

/// <summary>
/// What a clevis tpm2 pin tells about its seal, and the encrypted passphrase (latchset/clevis src/pins/tpm2). The sealed bytes are a
/// JSON Web Key whose key decrypts the passphrase: RFC 7516, <c>dir</c> with <c>A256GCM</c>.
/// </summary>
public sealed record ClevisSeal
{
    /// <summary>The primary key's name hash: <c>hash</c>.</summary>
    public AlgorithmId NameHash { get; init; } = AlgorithmId.Sha256;

    /// <summary>The primary key's type: <c>key</c>.</summary>
    public AlgorithmId KeyType { get; init; } = AlgorithmId.Ecc;

    /// <summary>The PCR bank.</summary>
    public AlgorithmId Bank { get; init; } = AlgorithmId.Sha1;

    /// <summary>PCRs bound to the values they had; none: no policy at all.</summary>
    public PcrMask Pcrs { get; init; }

    /// <summary><c>jwk_pub</c>: a whole TPM2B_PUBLIC.</summary>
    public required byte[] PublicArea { get; init; }

    /// <summary><c>jwk_priv</c>: a whole TPM2B_PRIVATE.</summary>
    public required byte[] PrivateArea { get; init; }

    /// <summary>The protected header as it stands in the JWE, still base64url: the associated data.</summary>
    public required byte[] ProtectedHeader { get; init; }

    /// <summary>12 bytes.</summary>
    public required byte[] Iv { get; init; }

    /// <summary>The encrypted passphrase.</summary>
    public required byte[] CipherText { get; init; }

    /// <summary>16 bytes.</summary>
    public required byte[] Tag { get; init; }

    /// <summary>Both areas as one blob.</summary>
    public bool TryGetBlob(out SealedBlob blob, out ParseError error)
    {
        if (PublicArea.Length + PrivateArea.Length > SealedBlob.MaximumLength)
        {
            blob = null!;
            error = new("sealed areas too long");
            return false;
        }

        return SealedBlob.TryParse([.. PrivateArea, .. PublicArea], out blob, out error);
    }
}
