using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>The public areas given to TPM2_CreatePrimary, TPM2_Create and TPM2_LoadExternal.</summary>
public static class PublicTemplates
{
    private const ObjectAttributes StorageParent =
        ObjectAttributes.FixedTpm | ObjectAttributes.FixedParent | ObjectAttributes.SensitiveDataOrigin |
        ObjectAttributes.UserWithAuth | ObjectAttributes.Restricted | ObjectAttributes.Decrypt;

    /// <summary>
    /// The storage root key (TCG EK Credential Profile templates L-2 and L-1, with noDA and userWithAuth as the Provisioning
    /// Guidance 7.5.1 has it): what systemd 254 and later create and use.
    /// </summary>
    public static PublicArea StorageRootKey(AlgorithmId type) =>
        Parent(type, StorageParent | ObjectAttributes.NoDictionaryAttackProtection, AlgorithmId.Sha256);

    /// <summary>The same without noDA: the primary of systemd before 254. Using it counts towards the lockout.</summary>
    public static PublicArea LegacyPrimary(AlgorithmId type) => Parent(type, StorageParent, AlgorithmId.Sha256);

    /// <summary>
    /// The default primary of tpm2-tools, and so of clevis: as <see cref="LegacyPrimary"/>, with the name hash of the pin.
    /// </summary>
    public static PublicArea ToolsPrimary(AlgorithmId type, AlgorithmId nameHash) => Parent(type, StorageParent, nameHash);

    /// <summary>
    /// A sealed data object under the storage root key. Without a PIN it is noDA: there is nothing to guess, and a power cut after
    /// its use must not count as a failed guess.
    /// </summary>
    public static PublicArea SealedData(ReadOnlySpan<byte> policy, bool hasPin) => new()
    {
        Type = AlgorithmId.KeyedHash,
        NameHash = AlgorithmId.Sha256,
        Attributes = ObjectAttributes.FixedTpm | ObjectAttributes.FixedParent |
            (hasPin ? ObjectAttributes.None : ObjectAttributes.NoDictionaryAttackProtection),
        Policy = policy.ToArray(),
    };

    /// <summary>
    /// The public half of a PCR signing key as systemd loads it. Its Name is part of the policy, and depends on how the exponent is
    /// written: 0 and 0x10001 are the same key with different Names.
    /// </summary>
    public static PublicArea PcrSigningKey(ReadOnlySpan<byte> modulus, uint exponent) => new()
    {
        Type = AlgorithmId.Rsa,
        NameHash = AlgorithmId.Sha256,
        Attributes = ObjectAttributes.Decrypt | ObjectAttributes.Sign | ObjectAttributes.UserWithAuth,
        RsaKeyBits = checked((ushort)(modulus.Length * 8)),
        RsaExponent = exponent,
        RsaModulus = modulus.ToArray(),
    };

    private static PublicArea Parent(AlgorithmId type, ObjectAttributes attributes, AlgorithmId nameHash) => type switch
    {
        AlgorithmId.Ecc => new()
        {
            Type = AlgorithmId.Ecc,
            NameHash = nameHash,
            Attributes = attributes,
            Symmetric = AlgorithmId.Aes,
            SymmetricKeyBits = 128,
            Curve = PublicArea.CurveNistP256,
        },
        AlgorithmId.Rsa => new()
        {
            Type = AlgorithmId.Rsa,
            NameHash = nameHash,
            Attributes = attributes,
            Symmetric = AlgorithmId.Aes,
            SymmetricKeyBits = 128,
            RsaKeyBits = 2048,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a primary is ecc or rsa"),
    };
}
