using System;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// What a header gives that can be opened here: one encrypted segment, the digest that proves its key, and the keyslots that
/// hold it. It exists only for a volume that needs nothing unknown.
/// </summary>
public sealed record Luks2Volume
{
    private Luks2Volume(Luks2Header header, Luks2Segment segment, Luks2Digest digest, Luks2Keyslot[] keyslots, int keyLength)
    {
        Header = header;
        Segment = segment;
        Digest = digest;
        Keyslots = keyslots;
        KeyLength = keyLength;
    }

    /// <summary>The whole header.</summary>
    public Luks2Header Header { get; }

    /// <summary>The data.</summary>
    public Luks2Segment Segment { get; }

    /// <summary>What proves the volume key.</summary>
    public Luks2Digest Digest { get; }

    /// <summary>Keyslots that hold the volume key and can be opened here, those to be tried first in front.</summary>
    public Luks2Keyslot[] Keyslots { get; }

    /// <summary>Of the volume key, in bytes: 32 or 64.</summary>
    public int KeyLength { get; }

    /// <summary>The volume of a header, or why it has none that may be opened.</summary>
    public static bool TryFind(Luks2Header header, out Luks2Volume value, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(header);
        value = null!;
        Luks2Metadata metadata = header.Metadata;
        Luks2Segment? segment = metadata.Segments is [var only] ? only : null;
        Luks2Digest[] digests = segment is null ? [] : Array.FindAll(metadata.Digests, digest => Array.IndexOf(digest.Segments, segment.Number) >= 0);
        error = metadata.UnknownRequirement is { } requirement ? new($"it requires \"{Escaped.Text(requirement)}\", which is not known")
            : metadata.IsReencryptionUnfinished ? new("its re-encryption is not finished")
            : segment is null ? new("it has no data segment")
            : segment.Integrity is { } integrity ? new($"its data have integrity \"{Escaped.Text(integrity)}\", which is not supported")
            : segment.Kind != "crypt" ? new($"its data segment is of type \"{Escaped.Text(segment.Kind)}\", only crypt is known")
            : segment.Encryption != Luks2Keyslot.Cipher ? new($"its data are encrypted with \"{Escaped.Text(segment.Encryption)}\", only {Luks2Keyslot.Cipher} is known")
            : segment.Offset < header.Length ? new($"its data begin at byte {segment.Offset}, before the end of the header at {header.Length}")
            : digests.Length != 1 ? new($"{digests.Length} digests prove its key, wanted one")
            : default;
        if (error.IsError || segment is null)
        {
            return false;
        }

        Luks2Keyslot[] holders = Array.FindAll(metadata.Keyslots, slot => Array.IndexOf(digests[0].Keyslots, slot.Number) >= 0);
        Luks2Keyslot[] usable = Array.FindAll(holders, slot => !slot.Problem.IsError);
        Array.Sort(usable, (a, b) => a.Priority != b.Priority ? b.Priority.CompareTo(a.Priority) : a.Number.CompareTo(b.Number));
        if (usable.Length == 0 || Array.Exists(usable, slot => slot.KeyLength != usable[0].KeyLength))
        {
            error = Array.Find(holders, slot => slot.Problem.IsError)?.Problem ?? new("no keyslot, or keyslots of different lengths, hold its key");
            return false;
        }

        value = new(header, segment, digests[0], usable, usable[0].KeyLength);
        return true;
    }
}
