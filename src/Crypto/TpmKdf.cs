using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// The two key derivations of the TPM 2.0 Library, part 1, 11.4.10: KDFa, which is SP 800-108 in counter mode with HMAC, and KDFe,
/// which is SP 800-56A's one-step derivation. Labels are ASCII without their terminating zero, which is added here.
/// </summary>
public static class TpmKdf
{
    private const byte LabelEnd = 0;
    private const int BitsPerByte = 8;

    /// <summary>KDFa: fills <paramref name="result"/> from a key, a label and two contexts.</summary>
    public static void DeriveA(
        DigestAlgorithm hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> contextU, ReadOnlySpan<byte> contextV,
        Span<byte> result)
    {
        int length = hash.LengthInBytes();
        Span<byte> counter = stackalloc byte[sizeof(uint)];
        Span<byte> bits = stackalloc byte[sizeof(uint)];
        Span<byte> block = stackalloc byte[DigestAlgorithms.MaximumLength];
        BinaryPrimitives.WriteUInt32BigEndian(bits, (uint)result.Length * BitsPerByte);
        uint number = 1;
        for (int done = 0; done < result.Length; done += length, number++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(counter, number);
            var mac = new Hmac(hash, key);
            try
            {
                mac.Append(counter);
                mac.Append(label);
                mac.Append([LabelEnd]);
                mac.Append(contextU);
                mac.Append(contextV);
                mac.Append(bits);
                mac.Finish(block);
            }
            finally
            {
                mac.Dispose();
            }

            block[..Math.Min(length, result.Length - done)].CopyTo(result[done..]);
        }

        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>KDFe: fills <paramref name="result"/> from a Diffie-Hellman secret and what both sides showed of themselves.</summary>
    public static void DeriveE(
        DigestAlgorithm hash, ReadOnlySpan<byte> sharedX, ReadOnlySpan<byte> label, ReadOnlySpan<byte> partyU, ReadOnlySpan<byte> partyV,
        Span<byte> result)
    {
        int length = hash.LengthInBytes();
        Span<byte> counter = stackalloc byte[sizeof(uint)];
        Span<byte> block = stackalloc byte[DigestAlgorithms.MaximumLength];
        uint number = 1;
        for (int done = 0; done < result.Length; done += length, number++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(counter, number);
            var digest = new StackDigest(hash);
            try
            {
                digest.Append(counter);
                digest.Append(sharedX);
                digest.Append(label);
                digest.Append([LabelEnd]);
                digest.Append(partyU);
                digest.Append(partyV);
                digest.Finish(block);
            }
            finally
            {
                digest.Dispose();
            }

            block[..Math.Min(length, result.Length - done)].CopyTo(result[done..]);
        }

        CryptographicOperations.ZeroMemory(block);
    }
}
