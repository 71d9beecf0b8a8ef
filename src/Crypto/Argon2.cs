using System;
using System.Security.Cryptography;

namespace InitRuntime.Crypto;

/// <summary>
/// Argon2i and Argon2id, version 0x13, for passphrases and recovery keys. All lanes run on the calling thread. The memory is
/// one pinned array of the garbage collector, wiped at the end: it is too large to be locked. Source: RFC 9106.
/// </summary>
public static class Argon2
{
    /// <summary>The least memory of a derivation, in KiB for each lane.</summary>
    public const uint MinimumMemoryOfLane = 8;

    /// <summary>The most memory, in KiB: 4 GiB, which is also cryptsetup's own limit.</summary>
    public const uint MaximumMemory = 4 << 20;

    /// <summary>The most lanes; cryptsetup makes at most 4.</summary>
    public const uint MaximumLanes = 64;

    /// <summary>The shortest salt, in bytes.</summary>
    public const int MinimumSalt = 8;

    private const uint Version = 0x13;

    /// <summary>Derives a key from a password.</summary>
    /// <param name="variant">Which Argon2.</param>
    /// <param name="password">Of any length.</param>
    /// <param name="salt">At least <see cref="MinimumSalt"/> bytes.</param>
    /// <param name="passes">At least 1.</param>
    /// <param name="memory">In KiB, from <see cref="MinimumMemoryOfLane"/> times the lanes to <see cref="MaximumMemory"/>.</param>
    /// <param name="lanes">1 to <see cref="MaximumLanes"/>.</param>
    /// <param name="key">Filled whole, at least 4 bytes.</param>
    /// <exception cref="OutOfMemoryException">The memory is not there.</exception>
    public static void DeriveKey(
        Argon2Variant variant, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, uint passes, uint memory, uint lanes, Span<byte> key) =>
        DeriveKey(variant, password, salt, default, default, passes, memory, lanes, key);

    /// <summary>As the public one, with the RFC's secret value and associated data, which its test vectors use.</summary>
    internal static void DeriveKey(
        Argon2Variant variant,
        ReadOnlySpan<byte> password,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> secret,
        ReadOnlySpan<byte> associatedData,
        uint passes,
        uint memory,
        uint lanes,
        Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1u);
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1u);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, MaximumLanes);
        ArgumentOutOfRangeException.ThrowIfLessThan(memory, MinimumMemoryOfLane * lanes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memory, MaximumMemory);
        ArgumentOutOfRangeException.ThrowIfLessThan(salt.Length, MinimumSalt, nameof(salt));
        ArgumentOutOfRangeException.ThrowIfLessThan(key.Length, 4, nameof(key));

        Span<byte> seed = stackalloc byte[Blake2b.MaximumLength];
        var hash = new Blake2b(seed.Length);
        hash.Append(lanes);
        hash.Append((uint)key.Length);
        hash.Append(memory);
        hash.Append(passes);
        hash.Append(Version);
        hash.Append((uint)variant);
        AppendWithLength(ref hash, password);
        AppendWithLength(ref hash, salt);
        AppendWithLength(ref hash, secret);
        AppendWithLength(ref hash, associatedData);
        hash.Finish(seed);
        hash.Dispose();

        new Argon2Memory(variant, passes, memory, lanes).Run(seed, key);
        CryptographicOperations.ZeroMemory(seed);
    }

    /// <summary>H' of RFC 9106, 3.3: as many bytes as <paramref name="output"/> has from a 4-byte counter pair and a seed.</summary>
    internal static void LongHash(scoped ReadOnlySpan<byte> input, scoped ReadOnlySpan<byte> suffix, Span<byte> output)
    {
        const int Step = Blake2b.MaximumLength / 2;
        Span<byte> link = stackalloc byte[Blake2b.MaximumLength];
        var hash = new Blake2b(Math.Min(output.Length, Blake2b.MaximumLength));
        hash.Append((uint)output.Length);
        hash.Append(input);
        hash.Append(suffix);
        hash.Finish(link);
        while (output.Length > Blake2b.MaximumLength)
        {
            link[..Step].CopyTo(output);
            output = output[Step..];
            hash.Dispose();
            hash = new Blake2b(Math.Min(output.Length, Blake2b.MaximumLength));
            hash.Append(link);
            hash.Finish(link);
        }

        link[..output.Length].CopyTo(output);
        hash.Dispose();
        CryptographicOperations.ZeroMemory(link);
    }

    private static void AppendWithLength(ref Blake2b hash, ReadOnlySpan<byte> data)
    {
        hash.Append((uint)data.Length);
        hash.Append(data);
    }
}
