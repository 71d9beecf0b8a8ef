using System;
using System.IO;
using System.Security.Cryptography;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>A file of an update, as it is stored in it.</summary>
/// <param name="Name">In the archive.</param>
/// <param name="File">Where its bytes are.</param>
/// <param name="Sha256">Of these bytes, lower-case hex.</param>
/// <param name="Compressed">Whether they are zstd.</param>
/// <param name="ChunksUrl">Where the chunks are of which this is the list; null for content itself.</param>
/// <param name="Vector">Initialization vector, hex, where they are encrypted; null where they are not.</param>
internal sealed record UpdateMember(string Name, string File, string Sha256, bool Compressed, string? ChunksUrl = null, string? Vector = null)
{
    /// <summary>Lower-case hex.</summary>
    internal static string Digest(string file)
    {
        using FileStream stream = System.IO.File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
