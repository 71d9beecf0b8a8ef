using System;

namespace InitRuntime.Formats.Luks2;

/// <summary>The JSON area: keyslots, digests, segments, tokens, each sorted by number. Source: LUKS2 specification, 3.</summary>
/// <param name="Keyslots">Those of type <c>luks2</c> and those that only re-encryption uses; look at their Problem.</param>
/// <param name="Digests">What proves keys.</param>
/// <param name="Segments">What the data area holds.</param>
/// <param name="Tokens">Helpers that find a passphrase.</param>
/// <param name="KeyslotsLength">Of the area behind both header copies, in bytes.</param>
/// <param name="Options">Options for dm-crypt.</param>
/// <param name="Requirements">What a reader must know to touch the volume. Text from the disk.</param>
public sealed record Luks2Metadata(
    Luks2Keyslot[] Keyslots,
    Luks2Digest[] Digests,
    Luks2Segment[] Segments,
    Luks2Token[] Tokens,
    long KeyslotsLength,
    Luks2Options Options,
    string[] Requirements)
{
    /// <summary>
    /// Whether a re-encryption was begun and not finished: it must be resumed by cryptsetup, and the volume never formatted.
    /// </summary>
    public bool IsReencryptionUnfinished =>
        Array.Exists(Requirements, IsReencryption) || Array.Exists(Segments, segment => segment.IsBackup) || Segments.Length > 1;

    /// <summary>The lowest number that no token has; null when all are taken.</summary>
    public int? FirstFreeToken
    {
        get
        {
            for (int number = 0; number < Luks2Token.Maximum; number++)
            {
                if (!Array.Exists(Tokens, token => token.Number == number))
                {
                    return number;
                }
            }

            return null;
        }
    }

    /// <summary>The first requirement that no one here knows, or null.</summary>
    internal string? UnknownRequirement => Array.Find(Requirements, requirement => !IsReencryption(requirement));

    private static bool IsReencryption(string requirement) =>
        requirement.StartsWith("online-reencrypt", StringComparison.Ordinal) || requirement.StartsWith("offline-reencrypt", StringComparison.Ordinal);
}
