using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>The checksum of one header copy: over the whole copy, with zeros in its own place. Source: LUKS2 specification, 2.2.</summary>
internal static class Luks2Checksum
{
    /// <summary>Whether a copy has the right checksum.</summary>
    internal static ParseError Check(ReadOnlySpan<byte> copy, string algorithmName)
    {
        if (!DigestAlgorithms.TryFromKernelName(algorithmName, out DigestAlgorithm algorithm))
        {
            return new($"checksum \"{Escaped.Text(algorithmName)}\", known are sha1, sha256, sha384, sha512");
        }

        Span<byte> actual = stackalloc byte[DigestAlgorithms.MaximumLength];
        actual = Compute(copy, algorithm, actual);
        ReadOnlySpan<byte> expected = copy.Slice(Luks2BinaryHeader.ChecksumOffset, actual.Length);
        return CryptographicOperations.FixedTimeEquals(actual, expected)
            ? default
            : new($"checksum differs: expected {Start(expected)}.., found {Start(actual)}..");
    }

    /// <summary>Makes a copy's checksum right. The algorithm is one that <see cref="Check"/> knows.</summary>
    internal static void Write(Span<byte> copy, string algorithmName)
    {
        if (!DigestAlgorithms.TryFromKernelName(algorithmName, out DigestAlgorithm algorithm))
        {
            throw new ArgumentException("not a known digest", nameof(algorithmName));
        }

        Span<byte> field = copy.Slice(Luks2BinaryHeader.ChecksumOffset, Luks2BinaryHeader.ChecksumLength);
        Span<byte> digest = stackalloc byte[DigestAlgorithms.MaximumLength];
        digest = Compute(copy, algorithm, digest);
        field.Clear();
        digest.CopyTo(field);
    }

    private static string Start(ReadOnlySpan<byte> checksum) => Convert.ToHexStringLower(checksum[..6]);

    private static Span<byte> Compute(ReadOnlySpan<byte> copy, DigestAlgorithm algorithm, Span<byte> output)
    {
        Span<byte> zeros = stackalloc byte[Luks2BinaryHeader.ChecksumLength];
        zeros.Clear();
        using var digest = new StackDigest(algorithm);
        digest.Append(copy[..Luks2BinaryHeader.ChecksumOffset]);
        digest.Append(zeros);
        digest.Append(copy[(Luks2BinaryHeader.ChecksumOffset + Luks2BinaryHeader.ChecksumLength)..]);
        digest.Finish(output);
        return output[..algorithm.LengthInBytes()];
    }
}
