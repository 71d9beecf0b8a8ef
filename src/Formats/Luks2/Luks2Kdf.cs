using System;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>How a keyslot makes a key from a passphrase. Source: LUKS2 specification, 3.2.1.</summary>
public abstract record Luks2Kdf(byte[] Salt)
{
    /// <summary>The longest salt, in bytes; cryptsetup makes 32.</summary>
    internal const int MaximumSalt = 512;

    /// <summary>Memory that deriving takes, in KiB; 0 where it is not worth counting.</summary>
    public virtual uint MemoryInKiB => 0;

    /// <summary>Fills <paramref name="key"/> from the passphrase.</summary>
    /// <exception cref="OutOfMemoryException">Argon2's memory is not there.</exception>
    internal abstract void Derive(ReadOnlySpan<byte> passphrase, Span<byte> key);
}

/// <summary>PBKDF2 with HMAC, as keys of tokens use it: they have full entropy and need no slow function.</summary>
public sealed record Luks2Pbkdf2(DigestAlgorithm Hash, int Iterations, byte[] Salt) : Luks2Kdf(Salt)
{
    /// <summary>The most rounds that are run: what a fast machine makes in a minute. More is a disk that wants to stop the boot.</summary>
    internal const uint MaximumIterations = 100_000_000;

    internal override void Derive(ReadOnlySpan<byte> passphrase, Span<byte> key) => Pbkdf2.DeriveKey(Hash, passphrase, Salt, Iterations, key);
}

/// <summary>Argon2, cryptsetup's default for passphrases.</summary>
public sealed record Luks2Argon2(Argon2Variant Variant, uint Passes, uint Memory, uint Lanes, byte[] Salt) : Luks2Kdf(Salt)
{
    /// <summary>The most passes that are run; cryptsetup's benchmark picks 4 to a few tens.</summary>
    internal const uint MaximumPasses = 10_000;

    /// <inheritdoc/>
    public override uint MemoryInKiB => Memory;

    internal override void Derive(ReadOnlySpan<byte> passphrase, Span<byte> key) => Argon2.DeriveKey(Variant, passphrase, Salt, Passes, Memory, Lanes, key);
}
