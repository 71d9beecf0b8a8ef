using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// What a SHA-256 policy session's digest becomes step by step (TPM 2.0 Library part 1, 19.7): to seal against a policy without a
/// session, to know a policy's branches, and to say what differs.
/// </summary>
public sealed class PolicyDigest
{
    /// <summary>In bytes.</summary>
    public const int Length = 32;

    /// <summary>The most branches TPM2_PolicyOR takes.</summary>
    public const int MaximumBranches = 8;

    private readonly byte[] _value;

    /// <summary>The digest of an empty policy: zeros.</summary>
    public PolicyDigest()
        : this(new byte[Length])
    {
    }

    /// <summary>Goes on from a known digest.</summary>
    public PolicyDigest(ReadOnlySpan<byte> value) =>
        _value = value.Length == Length ? value.ToArray() : throw new ArgumentException($"{value.Length} bytes", nameof(value));

    /// <summary>The digest now.</summary>
    public ReadOnlySpan<byte> Value => _value;

    /// <summary>TPM2_PolicyPCR: these PCRs have these values, concatenated in ascending order.</summary>
    public PolicyDigest Pcr(AlgorithmId bank, PcrMask pcrs, ReadOnlySpan<byte> values)
    {
        Span<byte> valuesDigest = stackalloc byte[Length];
        Digest.Of(DigestAlgorithm.Sha256, values, valuesDigest);
        var writer = new WireWriter(stackalloc byte[32]);
        pcrs.Write(ref writer, bank);
        return Extend(_value, CommandCode.PolicyPcr, writer.Written, valuesDigest);
    }

    /// <summary>
    /// TPM2_PolicyAuthorize with an empty reference: whatever the key of this Name has signed. What came before is dropped.
    /// </summary>
    public PolicyDigest Authorize(ReadOnlySpan<byte> keyName)
    {
        Extend(stackalloc byte[Length], CommandCode.PolicyAuthorize, keyName, default);
        byte[] inner = _value.AsSpan().ToArray();
        Digest.Of(DigestAlgorithm.Sha256, inner, _value);
        return this;
    }

    /// <summary>TPM2_PolicyAuthorizeNV: whatever policy the index of this Name holds. What came before is dropped.</summary>
    public PolicyDigest AuthorizeNv(ReadOnlySpan<byte> indexName) =>
        Extend(stackalloc byte[Length], CommandCode.PolicyAuthorizeNv, indexName, default);

    /// <summary>TPM2_PolicyAuthValue: the object's authorization value, made from the PIN, is needed too.</summary>
    public PolicyDigest AuthValue() => Extend(_value, CommandCode.PolicyAuthValue, default, default);

    /// <summary>TPM2_PolicyOR: one of these digests.</summary>
    public PolicyDigest Or(IReadOnlyList<byte[]> branches)
    {
        if (branches.Count is < 2 or > MaximumBranches)
        {
            throw new ArgumentException($"{branches.Count} branches", nameof(branches));
        }

        byte[] all = new byte[branches.Count * Length];
        for (int i = 0; i < branches.Count; i++)
        {
            branches[i].CopyTo(all.AsSpan(i * Length));
        }

        return Extend(stackalloc byte[Length], CommandCode.PolicyOr, all, default);
    }

    private PolicyDigest Extend(
        scoped ReadOnlySpan<byte> before, CommandCode command, scoped ReadOnlySpan<byte> first, scoped ReadOnlySpan<byte> second)
    {
        Span<byte> code = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(code, (uint)command);
        var digest = new Digest(DigestAlgorithm.Sha256);
        digest.Append(before);
        digest.Append(code);
        digest.Append(first);
        digest.Append(second);
        digest.Finish(_value);
        return this;
    }
}
