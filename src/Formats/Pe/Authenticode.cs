using System;
using System.Collections.Generic;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Pe;

/// <summary>What an Authenticode signature of a PE image covers, and where its signatures are.</summary>
public static class Authenticode
{
    /// <summary>The certificate table starts, and each of its entries ends, at a multiple of this. In bytes.</summary>
    public const int Alignment = 8;

    /// <summary>
    /// The parts of a file that are hashed, in order ("Windows Authenticode Portable Executable Signature Format", "Calculating
    /// the PE Image Hash"). Verifiers differ where sections leave gaps in the file or a signature is not at its end, so such
    /// images are refused rather than signed in two meanings.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="layout">What to hash.</param>
    /// <param name="error">Why it has no unambiguous digest.</param>
    public static bool TryLayout(PeImage image, out AuthenticodeLayout? layout, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(image);
        layout = null;
        bool signed = image.CertificateTable.Length != 0;
        long end = signed ? image.CertificateTable.Offset : image.FileLength;
        error = !image.HasCertificateDirectory ? new("its header has no room for a signature")
            : image.CertificateDirectoryOffset + PeFields.DirectorySize > image.SizeOfHeaders
                ? new("headers shorter than its optional header")
            : signed && image.CertificateTable.End != image.FileLength ? new("there is data behind its signatures")
            : signed && end % Alignment != 0 ? new("its certificate table is not aligned to 8 bytes")
            : CheckSections(image, end);
        if (error.IsError)
        {
            return false;
        }

        int afterCheckSum = image.CheckSumOffset + PeFields.CheckSumSize;
        int afterDirectory = image.CertificateDirectoryOffset + PeFields.DirectorySize;
        layout = new AuthenticodeLayout(
            [
                new FileRange(0, image.CheckSumOffset),
                new FileRange(afterCheckSum, image.CertificateDirectoryOffset - afterCheckSum),
                new FileRange(afterDirectory, end - afterDirectory),
            ],
            end,
            (int)((Alignment - (end % Alignment)) % Alignment));
        return true;
    }

    /// <summary>The Authenticode SHA-256 digest of a whole file.</summary>
    public static bool TryDigest(ReadOnlySpan<byte> file, out byte[] digest, out ParseError error)
    {
        digest = [];
        if (!PeImage.TryParse(file, out PeImage? image, out error) || !TryLayout(image!, out AuthenticodeLayout? layout, out error))
        {
            return false;
        }

        var running = new Digest(DigestAlgorithm.Sha256);
        foreach (FileRange range in layout!.Hashed)
        {
            running.Append(file.Slice((int)range.Offset, (int)range.Length));
        }

        running.Append("\0\0\0\0\0\0\0"u8[..layout.Padding]);
        digest = new byte[running.LengthInBytes];
        running.Finish(digest);
        return true;
    }

    /// <summary>The signatures in a certificate table (the bytes of <see cref="PeImage.CertificateTable"/>), at most 64.</summary>
    public static bool TryReadCertificates(ReadOnlySpan<byte> table, out IReadOnlyList<WinCertificate> certificates, out ParseError error)
    {
        var found = new List<WinCertificate>();
        certificates = found;
        error = default;
        int position = 0;
        while (position < table.Length)
        {
            var reader = new SpanReader(table[position..]);
            uint length = reader.U32();
            ushort revision = reader.U16();
            ushort type = reader.U16();
            error = reader.Overrun || length < WinCertificate.HeaderSize || length > table.Length - position
                    ? new($"entry {found.Count} of the certificate table is cut short")
                : found.Count == WinCertificate.MaximumCount ? new($"more than {WinCertificate.MaximumCount} signatures")
                : default;
            if (error.IsError)
            {
                certificates = [];
                return false;
            }

            var content = new FileRange(position + WinCertificate.HeaderSize, length - WinCertificate.HeaderSize);
            found.Add(new WinCertificate(revision, type, content));
            long next = position + (((long)length + Alignment - 1) / Alignment * Alignment);
            position = (int)Math.Min(next, table.Length);
        }

        return true;
    }

    private static ParseError CheckSections(PeImage image, long end)
    {
        var byPosition = new List<PeSection>(image.Sections);
        byPosition.RemoveAll(section => section.SizeOfRawData == 0);
        byPosition.Sort((a, b) => a.PointerToRawData.CompareTo(b.PointerToRawData));
        long expected = image.SizeOfHeaders;
        foreach (PeSection section in byPosition)
        {
            if (section.PointerToRawData != expected)
            {
                return new($"there is a gap in the file before its section {section.Name}");
            }

            expected = section.RawEnd;
        }

        return expected > end ? new("its sections reach into its signatures") : default;
    }
}
