using System;
using System.Buffers.Binary;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// Names of keys and NV indices: the name hash's algorithm and its digest over the public area (TPM 2.0 Library part 1, 16). Whoever
/// knows the Name knows the entity, whatever handle it has.
/// </summary>
public static class EntityName
{
    /// <summary>The Name of an object.</summary>
    public static byte[] Of(PublicArea area) => Of(area.NameHash, area.Encode());

    /// <summary>The Name of an NV index.</summary>
    public static byte[] Of(NvPublic area) => Of(area.NameHash, area.Encode());

    /// <summary>The digest of Crypto for a TPM hash that <see cref="Algorithms.DigestLength"/> knows.</summary>
    public static DigestAlgorithm Digest(AlgorithmId hash) => hash switch
    {
        AlgorithmId.Sha1 => DigestAlgorithm.Sha1,
        AlgorithmId.Sha256 => DigestAlgorithm.Sha256,
        AlgorithmId.Sha384 => DigestAlgorithm.Sha384,
        AlgorithmId.Sha512 => DigestAlgorithm.Sha512,
        _ => throw new ArgumentOutOfRangeException(nameof(hash), hash, "not a hash that is computed here"),
    };

    private static byte[] Of(AlgorithmId hash, ReadOnlySpan<byte> area)
    {
        byte[] name = new byte[sizeof(ushort) + Algorithms.DigestLength(hash)];
        BinaryPrimitives.WriteUInt16BigEndian(name, (ushort)hash);
        Crypto.Digest.Of(Digest(hash), area, name.AsSpan(sizeof(ushort)));
        return name;
    }
}
