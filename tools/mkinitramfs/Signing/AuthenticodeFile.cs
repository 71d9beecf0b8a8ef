using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using InitRuntime.Formats;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>Reads from an EFI program's file what its signatures are about.</summary>
internal static class AuthenticodeFile
{
    private const int BufferSize = 128 * 1024;
    private const int LargestCertificateTable = 1024 * 1024;

    /// <summary>The headers, and what a signature covers.</summary>
    /// <param name="file">The image.</param>
    /// <param name="name">For messages.</param>
    /// <exception cref="BuildException">It cannot be signed.</exception>
    internal static (PeImage Image, AuthenticodeLayout Layout) Read(Stream file, string name)
    {
        var start = new byte[PeImage.LongestHeaders];
        file.Position = 0;
        int count = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (!PeImage.TryParse(start.AsSpan(0, count), file.Length, out PeImage? image, out ParseError error))
        {
            throw new BuildException($"{name}: no EFI program: {error}");
        }

        return Authenticode.TryLayout(image!, out AuthenticodeLayout? layout, out error)
            ? (image!, layout!)
            : throw new BuildException($"{name}: cannot be signed: {error}");
    }

    /// <summary>The Authenticode SHA-256 digest of an image.</summary>
    internal static byte[] Digest(Stream file, AuthenticodeLayout layout)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        foreach (FileRange range in layout.Hashed)
        {
            file.Position = range.Offset;
            for (long left = range.Length; left > 0;)
            {
                int count = (int)Math.Min(left, buffer.Length);
                file.ReadExactly(buffer, 0, count);
                hash.AppendData(buffer, 0, count);
                left -= count;
            }
        }

        hash.AppendData(new byte[layout.Padding]);
        return hash.GetHashAndReset();
    }

    /// <summary>The signatures that an image carries, with their content (for Authenticode, PKCS#7 in DER, padded).</summary>
    /// <exception cref="BuildException">Its certificate table is damaged.</exception>
    internal static IReadOnlyList<(WinCertificate Entry, byte[] Content)> Certificates(Stream file, PeImage image, string name)
    {
        if (image.CertificateTable.Length > LargestCertificateTable)
        {
            throw new BuildException(
                $"{name}: signatures of {image.CertificateTable.Length} bytes; at most {LargestCertificateTable} are read");
        }

        var table = new byte[image.CertificateTable.Length];
        file.Position = image.CertificateTable.Offset;
        file.ReadExactly(table);
        if (!Authenticode.TryReadCertificates(table, out IReadOnlyList<WinCertificate> entries, out ParseError error))
        {
            throw new BuildException($"{name}: {error}");
        }

        var found = new List<(WinCertificate, byte[])>();
        foreach (WinCertificate entry in entries)
        {
            found.Add((entry, table.AsSpan((int)entry.Content.Offset, (int)entry.Content.Length).ToArray()));
        }

        return found;
    }

    /// <summary>Copies the next <paramref name="length"/> bytes.</summary>
    /// <exception cref="EndOfStreamException">There are fewer.</exception>
    internal static void CopyExactly(Stream source, Stream target, long length)
    {
        var buffer = new byte[BufferSize];
        for (long left = length; left > 0;)
        {
            int count = (int)Math.Min(left, buffer.Length);
            source.ReadExactly(buffer, 0, count);
            target.Write(buffer, 0, count);
            left -= count;
        }
    }
}
