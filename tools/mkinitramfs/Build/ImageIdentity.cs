using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;

namespace InitRuntime.Mkinitramfs.Build;

/// <summary>The image UUID, derived from all that makes the image behave as it does: another content, another UUID.</summary>
internal static class ImageIdentity
{
    private const string Domain = "initruntime image uuid 1";

    /// <summary>
    /// A UUID of version 8 (RFC 9562): the first 128 bits of a SHA-256 over the parts, each with its length, with version and
    /// variant set.
    /// </summary>
    internal static Guid Derive(IEnumerable<byte[]> parts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Encoding.ASCII.GetBytes(Domain));
        foreach (byte[] part in parts)
        {
            Append(hash, part);
        }

        Span<byte> bytes = hash.GetHashAndReset().AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    private static void Append(IncrementalHash hash, byte[] part)
    {
        byte[] length = new byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(length, part.LongLength);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
