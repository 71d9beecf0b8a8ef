using System;
using System.IO;
using System.Text;

namespace InitRuntime.Formats.Pe;

/// <summary>One section to put into a UKI: its name, its exact length in bytes, and where its bytes come from.</summary>
/// <param name="Name">As in <see cref="UkiSection"/>.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Open">Gives a stream of exactly <paramref name="Length"/> bytes; the writer disposes it.</param>
public sealed record UkiPayload(string Name, long Length, Func<Stream> Open)
{
    /// <summary>A section from memory.</summary>
    public static UkiPayload FromBytes(string name, byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new UkiPayload(name, content.Length, () => new MemoryStream(content, writable: false));
    }

    /// <summary>A section of UTF-8 text, without a terminator.</summary>
    public static UkiPayload FromText(string name, string content) => FromBytes(name, Encoding.UTF8.GetBytes(content));
}
