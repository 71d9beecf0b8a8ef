using System.Collections.Generic;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// The end of an encryption in place whose last piece is encrypted while the header does not say so yet. cryptsetup 2.7, cut there,
/// looks for a next piece when it resumes and finds none. What is done here is what it does when it is not cut: the segment that is
/// in use stays, and what was kept for going on goes. Source: cryptsetup lib/luks2/luks2_reencrypt.c, reencrypt_teardown_ok.
/// </summary>
internal static class Luks2EncryptionEnd
{
    private const string MovedSegment = "backup-moved-segment";

    /// <summary>The JSON without what the encryption needed.</summary>
    /// <param name="metadata">What was read from the JSON, after cryptsetup mended a piece that was cut.</param>
    /// <param name="json">The JSON's text.</param>
    /// <param name="moved">Where the plain start of the data was kept; null if nowhere.</param>
    /// <param name="ended">The new text.</param>
    /// <returns>False when this header is not in that state: nothing unfinished, or something left to encrypt.</returns>
    internal static bool TryEnd(Luks2Metadata metadata, byte[] json, out Luks2Segment? moved, out byte[] ended)
    {
        moved = null;
        ended = [];
        if (!metadata.IsReencryptionUnfinished || metadata.UnknownRequirement is not null)
        {
            return false;
        }

        JsonValue root = JsonValue.Parse(json, JsonFields.MaximumDepth);
        var goneSegments = new List<string>();
        var goneKeyslots = new List<string>();
        Luks2Segment? used = null;
        foreach (Luks2Segment segment in metadata.Segments)
        {
            List<string> flags = Texts(root.Member("segments").Member($"{segment.Number}").Member("flags"));
            if (segment.IsBackup)
            {
                goneSegments.Add($"{segment.Number}");
                moved = flags.Contains(MovedSegment) ? segment : moved;
            }
            else if (used is not null || segment is not { Kind: "crypt", Length: null } || flags.Count > 0)
            {
                return false;
            }
            else
            {
                used = segment;
            }
        }

        if (used is null)
        {
            return false;
        }

        JsonValue.Members keyslots = root.Member("keyslots").Enumerate();
        while (keyslots.Next())
        {
            if (keyslots.Value.Member("type").Text() == "reencrypt")
            {
                goneKeyslots.Add(keyslots.Name);
            }
        }

        ended = JsonEdit.Object(root, (name, value) => name switch
        {
            "keyslots" => Without(value, goneKeyslots),
            "segments" => Without(value, goneSegments),
            "digests" => JsonEdit.Object(value, (_, digest) => Digest(digest, goneKeyslots, goneSegments)),
            "config" => Without(value, ["requirements"]),
            _ => value.Json.ToArray(),
        });
        return true;
    }

    private static byte[] Without(JsonValue of, List<string> gone) =>
        JsonEdit.Object(of, (name, value) => gone.Contains(name) ? null : value.Json.ToArray());

    /// <summary>A digest proves what is left; one that proves nothing any more goes too.</summary>
    private static byte[]? Digest(JsonValue digest, List<string> goneKeyslots, List<string> goneSegments)
    {
        bool provesSomething = false;
        byte[] changed = JsonEdit.Object(digest, (name, value) =>
        {
            if (name is not ("keyslots" or "segments"))
            {
                return value.Json.ToArray();
            }

            byte[] left = JsonEdit.Without(Texts(value), name == "keyslots" ? goneKeyslots : goneSegments);
            provesSomething |= left.Length > "[]".Length;
            return left;
        });
        return provesSomething ? changed : null;
    }

    private static List<string> Texts(JsonValue list)
    {
        var texts = new List<string>();
        foreach (JsonValue item in list.Items(int.MaxValue) ?? [])
        {
            texts.Add(item.Text() ?? "");
        }

        return texts;
    }
}
