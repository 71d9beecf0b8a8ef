using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// A handle as tpm2-tss's Esys_TR_Serialize writes it, in <c>tpm2_srk</c> and <c>tpm2_pcrlock_nv</c> of systemd tokens and in
/// pcrlock.json: handle, TPM2B_NAME, resource type, public area. The Name is what makes it trustworthy, not the handle.
/// </summary>
public sealed record SerializedHandle
{
    /// <summary>The largest one that is taken, in bytes.</summary>
    public const int MaximumLength = 4096;

    private const uint KeyResource = 1;
    private const uint NvResource = 2;

    /// <summary>The persistent object's handle, or the NV index.</summary>
    public required uint Handle { get; init; }

    /// <summary>The entity's Name: an algorithm and a digest.</summary>
    public required byte[] Name { get; init; }

    /// <summary>The key's public area, when it is a key.</summary>
    public PublicArea? Key { get; init; }

    /// <summary>The index's public area, when it is an NV index.</summary>
    public NvPublic? Nv { get; init; }

    /// <summary>Reads one that fills <paramref name="data"/> exactly.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, out SerializedHandle value, out ParseError error)
    {
        value = null!;
        var reader = new SpanReader(data);
        uint handle = reader.U32BigEndian();
        ReadOnlySpan<byte> name = reader.Sized(Wire.MaximumNameLength);
        uint resource = reader.U32BigEndian();
        ReadOnlySpan<byte> area = reader.Sized(Wire.MaximumAreaLength);
        error = reader.Overrun ? new("serialized handle cut short")
            : reader.Remaining != 0 ? new($"{reader.Remaining} bytes after the serialized handle")
            : name.Length <= sizeof(ushort) ? new("serialized handle without a name")
            : resource is not (KeyResource or NvResource) ? new($"serialized handle of resource type {resource}")
            : Handles.Type(handle) != (resource == KeyResource ? 0x81 : 0x01) ? new($"serialized handle 0x{handle:x8} is not persistent")
            : default;
        if (error.IsError)
        {
            return false;
        }

        PublicArea? key = null;
        NvPublic? nv = null;
        if (resource == KeyResource ? !PublicArea.TryParse(area, out key, out error) : !NvPublic.TryParse(area, out nv, out error))
        {
            return false;
        }

        value = new() { Handle = handle, Name = name.ToArray(), Key = key, Nv = nv };
        return true;
    }

    /// <summary>The bytes for a persistent key.</summary>
    public static byte[] EncodeKey(uint handle, ReadOnlySpan<byte> name, PublicArea key)
    {
        var writer = new WireWriter(new byte[MaximumLength]);
        writer.U32(handle);
        writer.Sized(name);
        writer.U32(KeyResource);
        key.WriteSized(ref writer);
        return writer.Overrun ? throw new InvalidOperationException("serialized handle too large") : writer.Written.ToArray();
    }
}
