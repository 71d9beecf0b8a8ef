using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>TPMS_NV_PUBLIC: what an NV index is (TPM 2.0 Library part 2, 13.5).</summary>
public sealed record NvPublic
{
    /// <summary>TPMA_NV_WRITTEN.</summary>
    public const uint AttributeWritten = 1u << 29;

    /// <summary>The largest encoding, in bytes.</summary>
    public const int MaximumLength = 4 + 2 + 4 + 2 + Algorithms.MaximumDigestLength + 2;

    /// <summary>The index's handle.</summary>
    public required uint Index { get; init; }

    /// <summary>The hash of its Name.</summary>
    public required AlgorithmId NameHash { get; init; }

    /// <summary>TPMA_NV.</summary>
    public required uint Attributes { get; init; }

    /// <summary>The policy digest.</summary>
    public required byte[] Policy { get; init; }

    /// <summary>In bytes.</summary>
    public required ushort DataLength { get; init; }

    /// <summary>Reads a TPMS_NV_PUBLIC that fills <paramref name="data"/> exactly.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, out NvPublic value, out ParseError error)
    {
        value = null!;
        var reader = new SpanReader(data);
        uint index = reader.U32BigEndian();
        AlgorithmId nameHash = reader.Algorithm();
        uint attributes = reader.U32BigEndian();
        ReadOnlySpan<byte> policy = reader.Sized(Algorithms.MaximumDigestLength);
        ushort length = reader.U16BigEndian();
        error = reader.Overrun ? new("NV public area cut short")
            : reader.Remaining != 0 ? new($"{reader.Remaining} bytes after the NV public area")
            : Handles.Type(index) != 0x01 ? new($"NV index 0x{index:x8}")
            : Algorithms.DigestLength(nameHash) == 0 ? new($"name hash {Algorithms.Name(nameHash)}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new() { Index = index, NameHash = nameHash, Attributes = attributes, Policy = policy.ToArray(), DataLength = length };
        return true;
    }

    /// <summary>The TPMS_NV_PUBLIC bytes.</summary>
    public byte[] Encode()
    {
        var writer = new WireWriter(stackalloc byte[MaximumLength]);
        writer.U32(Index);
        writer.Algorithm(NameHash);
        writer.U32(Attributes);
        writer.Sized(Policy);
        writer.U16(DataLength);
        return writer.Written.ToArray();
    }
}
