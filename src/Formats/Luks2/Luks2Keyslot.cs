using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>Where a keyslot's encrypted stripes stand. Source: LUKS2 specification, 3.2.3.</summary>
/// <param name="Offset">From the start of the device, in bytes.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Encryption">The kernel's name of the cipher.</param>
/// <param name="KeyLength">Of the cipher's key, in bytes.</param>
public sealed record Luks2Area(long Offset, int Length, string Encryption, int KeyLength);

/// <summary>One place where the volume key lies, encrypted for one passphrase. Source: LUKS2 specification, 3.2.</summary>
public sealed record Luks2Keyslot
{
    /// <summary>The only cipher that is known.</summary>
    public const string Cipher = "aes-xts-plain64";

    /// <summary>Enough for what cryptsetup makes by default, in KiB.</summary>
    public const uint DefaultMemoryLimitInKiB = 1 << 20;

    internal const int SectorSize = 512;
    internal const int Stripes = 4000;

    /// <summary>Its number, 0 to 31.</summary>
    public required int Number { get; init; }

    /// <summary>Why this keyslot cannot be used here, though the header is in order; no error if it can.</summary>
    public ParseError Problem { get; init; }

    /// <summary>0 to be used only by number, 1 as usual, 2 to be tried first.</summary>
    public required int Priority { get; init; }

    /// <summary>Of the volume key it holds, in bytes.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Where its stripes stand.</summary>
    public required Luks2Area Area { get; init; }

    /// <summary>How the passphrase becomes the area's key; null if there is a <see cref="Problem"/>.</summary>
    public Luks2Kdf? Kdf { get; init; }

    /// <summary>The digest of the anti-forensic splitter.</summary>
    public DigestAlgorithm SplitterHash { get; init; }

    /// <summary>How many bytes of the area, from its start, <see cref="TryOpen"/> needs.</summary>
    public int MaterialLength => MaterialLengthOf(KeyLength);

    /// <summary>Decrypts the volume key and proves it. It takes as long as the keyslot's KDF wants: up to seconds for Argon2.</summary>
    /// <param name="passphrase">The passphrase, or a token's key.</param>
    /// <param name="area">The first <see cref="MaterialLength"/> bytes of the area.</param>
    /// <param name="digest">The digest that lists this keyslot.</param>
    /// <param name="volumeKey">As long as <see cref="KeyLength"/>. It holds the key, or zeros if this fails.</param>
    /// <param name="error">Why not: the keyslot's <see cref="Problem"/>, too much memory, or the wrong passphrase.</param>
    /// <param name="memoryLimitInKiB">The most memory that Argon2 may use.</param>
    public bool TryOpen(
        ReadOnlySpan<byte> passphrase,
        ReadOnlySpan<byte> area,
        Luks2Digest digest,
        Span<byte> volumeKey,
        out ParseError error,
        uint memoryLimitInKiB = DefaultMemoryLimitInKiB)
    {
        ArgumentNullException.ThrowIfNull(digest);
        volumeKey.Clear();
        if (Problem.IsError || Kdf is null)
        {
            error = Problem;
            return false;
        }

        if (area.Length != MaterialLength || volumeKey.Length != KeyLength || Array.IndexOf(digest.Keyslots, Number) < 0)
        {
            throw new ArgumentException($"an area, a key buffer or a digest that is not keyslot {Number}'s");
        }

        error = Kdf.MemoryInKiB > memoryLimitInKiB
            ? new($"keyslot {Number} needs {Kdf.MemoryInKiB} KiB of memory, allowed are {memoryLimitInKiB}")
            : Decrypt(Kdf, passphrase, area, volumeKey);
        if (!error.IsError && !digest.Matches(volumeKey))
        {
            error = new($"keyslot {Number} has another passphrase");
        }

        if (error.IsError)
        {
            CryptographicOperations.ZeroMemory(volumeKey);
        }

        return !error.IsError;
    }

    /// <summary>Bytes of all stripes, up to whole sectors.</summary>
    internal static int MaterialLengthOf(int keyLength) => ((keyLength * Stripes) + SectorSize - 1) / SectorSize * SectorSize;

    private ParseError Decrypt(Luks2Kdf kdf, ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> area, Span<byte> volumeKey)
    {
        Span<byte> secret = stackalloc byte[AntiForensic.MaximumKeyLength + SectorSize];
        Span<byte> areaKey = secret[..Area.KeyLength];
        Span<byte> sector = secret[^SectorSize..];
        try
        {
            kdf.Derive(passphrase, areaKey);
            using var cipher = new AesXts(areaKey);
            using var merge = new AntiForensic(SplitterHash, volumeKey);

            // Sector by sector: stripes are 32 or 64 bytes, so each sector has a whole number of them.
            int left = Stripes;
            for (int offset = 0; left > 0; offset += SectorSize)
            {
                area.Slice(offset, SectorSize).CopyTo(sector);
                cipher.Decrypt(sector, SectorSize, (ulong)(offset / SectorSize));
                for (ReadOnlySpan<byte> rest = sector; !rest.IsEmpty && left > 0; rest = rest[KeyLength..])
                {
                    left--;
                    if (left > 0)
                    {
                        merge.Append(rest[..KeyLength]);
                    }
                    else
                    {
                        merge.Finish(rest[..KeyLength]);
                    }
                }
            }

            return default;
        }
        catch (OutOfMemoryException)
        {
            return new($"keyslot {Number} needs {kdf.MemoryInKiB} KiB of memory, which are not there");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
