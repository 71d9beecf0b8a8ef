using System;

namespace InitRuntime.Crypto;

/// <summary>The digests that the formats of the boot chain name. Source: FIPS 180-4.</summary>
public enum DigestAlgorithm
{
    /// <summary>SHA-1, 20 bytes: only where an old format demands it, never to prove anything.</summary>
    Sha1,

    /// <summary>SHA-256, 32 bytes.</summary>
    Sha256,

    /// <summary>SHA-384, 48 bytes.</summary>
    Sha384,

    /// <summary>SHA-512, 64 bytes.</summary>
    Sha512,
}

/// <summary>Names and sizes of <see cref="DigestAlgorithm"/>.</summary>
public static class DigestAlgorithms
{
    /// <summary>The longest digest, in bytes.</summary>
    public const int MaximumLength = 64;

    /// <summary>Length of a digest, in bytes.</summary>
    public static int LengthInBytes(this DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha1 => 20,
        DigestAlgorithm.Sha256 => 32,
        DigestAlgorithm.Sha384 => 48,
        DigestAlgorithm.Sha512 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>The kernel's name (crypto API, dm-verity, LUKS): <c>sha1</c>, <c>sha256</c>, <c>sha384</c> or <c>sha512</c>.</summary>
    public static string KernelName(this DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha1 => "sha1",
        DigestAlgorithm.Sha256 => "sha256",
        DigestAlgorithm.Sha384 => "sha384",
        DigestAlgorithm.Sha512 => "sha512",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>Finds a digest by the kernel's name, spelled exactly.</summary>
    public static bool TryFromKernelName(ReadOnlySpan<char> name, out DigestAlgorithm algorithm)
    {
        (bool known, algorithm) = name switch
        {
            "sha1" => (true, DigestAlgorithm.Sha1),
            "sha256" => (true, DigestAlgorithm.Sha256),
            "sha384" => (true, DigestAlgorithm.Sha384),
            "sha512" => (true, DigestAlgorithm.Sha512),
            _ => (false, default),
        };
        return known;
    }
}
