using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>A chunk.</summary>
/// <param name="Digest">SHA-256 of what it holds, hex.</param>
/// <param name="StoredLength">In the file, compressed, in bytes.</param>
internal readonly record struct Chunk(string Digest, long StoredLength);

/// <summary>A file in zchunk's format: a header that lists its chunks, then the chunks. zck cuts by content, so that what moved is found again.</summary>
/// <param name="Path">The file.</param>
/// <param name="HeaderLength">In bytes.</param>
/// <param name="Chunks">In their order.</param>
internal sealed record ChunkedFile(string Path, long HeaderLength, IReadOnlyList<Chunk> Chunks)
{
    private const string HeaderLine = "Header size:";

    /// <summary>Columns of a chunk's line: number, digest, digest of what it holds, begin, stored length, length.</summary>
    private const int Columns = 6;

    /// <summary>Cuts a file. SWUpdate wants digests of what chunks hold beside those of what is stored, and SHA-256.</summary>
    /// <exception cref="BuildException">zck fails.</exception>
    internal static ChunkedFile Cut(string file, string output, ToolsTree tools, IBuildLog log)
    {
        tools.Command("zck", "--uncompressed", "--chunk-hash-type=sha256", $"--output={output}", file).Run(log);
        return Read(output, tools);
    }

    /// <summary>Reads what a file of this format says of itself.</summary>
    /// <exception cref="BuildException">It is none.</exception>
    internal static ChunkedFile Read(string path, ToolsTree tools)
    {
        string[] lines = tools.Run("zck_read_header", "-v", "-c", path).Split('\n');
        string? header = lines.FirstOrDefault(line => line.StartsWith(HeaderLine, StringComparison.Ordinal));
        if (header is null || !long.TryParse(header[HeaderLine.Length..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out long length))
        {
            throw new BuildException($"{path}: zck_read_header does not say how long the header is");
        }

        var chunks = new List<Chunk>();
        foreach (string line in lines)
        {
            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            // The first one is a dictionary, which is empty.
            if (columns.Length == Columns && columns[0].All(char.IsAsciiDigit) && columns[0] != "0")
            {
                chunks.Add(new(columns[2], long.Parse(columns[4], CultureInfo.InvariantCulture)));
            }
        }

        return chunks.Count > 0 ? new(path, length, chunks) : throw new BuildException($"{path}: zck_read_header lists no chunk");
    }

    internal void WriteHeader(string output)
    {
        byte[] header = new byte[HeaderLength];
        using (FileStream file = File.OpenRead(Path))
        {
            file.ReadExactly(header);
        }

        File.WriteAllBytes(output, header);
    }

    /// <summary>What a device downloads of this that has another one.</summary>
    /// <returns>Bytes, and how many requests they take: one for chunks that follow each other.</returns>
    internal (long Length, int Requests) MissingFrom(ChunkedFile old)
    {
        var known = old.Chunks.Select(chunk => chunk.Digest).ToHashSet();
        long length = 0;
        int requests = 0;
        bool before = false;
        foreach (Chunk chunk in Chunks)
        {
            bool missing = !known.Contains(chunk.Digest);
            length += missing ? chunk.StoredLength : 0;
            requests += missing && !before ? 1 : 0;
            before = missing;
        }

        return (length, requests);
    }
}
