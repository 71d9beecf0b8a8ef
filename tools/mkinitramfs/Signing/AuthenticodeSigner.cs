using System;
using System.Buffers.Binary;
using System.IO;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>Signs EFI programs (UKIs, EFI Boot Guard) for Secure Boot. Same image and key, same bytes.</summary>
internal sealed class AuthenticodeSigner(SigningCertificate certificate, IDigestSigner signer) : IDisposable
{
    private const int BufferSize = 128 * 1024;

    /// <summary>The signer that a manifest names.</summary>
    /// <exception cref="BuildException">A file of it cannot be used.</exception>
    internal static AuthenticodeSigner Open(SigningSection settings, IBuildLog log)
    {
        var certificate = SigningCertificate.Open(settings.SecureBootCertificate);
        try
        {
            IDigestSigner signer = settings.SecureBootCommand is { } words ? new CommandSigner(words, log)
                : settings.SecureBootKey is { } key ? PemKeySigner.Open(key)
                : throw new BuildException("neither a key nor a command signs for Secure Boot");
            return new AuthenticodeSigner(certificate, signer);
        }
        catch
        {
            certificate.Dispose();
            throw;
        }
    }

    /// <summary>Writes the signed image to <paramref name="output"/>, complete or not at all.</summary>
    /// <exception cref="BuildException">The input is no image that can be signed, or the key does not do it.</exception>
    internal void SignFile(string input, string output, ExistingSignatures existing = ExistingSignatures.Replace)
    {
        string temporary = output + ".signing";
        try
        {
            using (FileStream source = File.OpenRead(input))
            using (var target = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite))
            {
                Sign(source, target, input, existing);
            }

            File.Move(temporary, output, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public void Dispose() => certificate.Dispose();

    private void Sign(FileStream source, FileStream target, string name, ExistingSignatures existing)
    {
        (PeImage image, AuthenticodeLayout layout) = AuthenticodeFile.Read(source, name);
        byte[] digest = AuthenticodeFile.Digest(source, layout);
        byte[] signature = SpcSignedData.Write(digest, certificate.Certificate, hash => certificate.Sign(signer, hash));

        var table = new MemoryStream();
        if (existing == ExistingSignatures.Keep)
        {
            foreach ((WinCertificate old, byte[] content) in AuthenticodeFile.Certificates(source, image, name))
            {
                WriteEntry(table, old.Revision, old.Type, content);
            }
        }

        WriteEntry(table, WinCertificate.Revision2, WinCertificate.PkcsSignedData, signature);

        source.Position = 0;
        AuthenticodeFile.CopyExactly(source, target, layout.ImageEnd);
        target.Write(new byte[layout.Padding]);
        long tableOffset = target.Position;
        if (tableOffset + table.Length > uint.MaxValue)
        {
            throw new BuildException($"{name}: too large to be signed: a PE image ends at 4 GiB");
        }

        table.WriteTo(target);
        var field = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(field, (uint)tableOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(field.AsSpan(4), (uint)table.Length);
        target.Position = image.CertificateDirectoryOffset;
        target.Write(field);
        target.Position = image.CheckSumOffset;
        target.Write(new byte[4]);
        BinaryPrimitives.WriteUInt32LittleEndian(field, Checksum(target));
        target.Position = image.CheckSumOffset;
        target.Write(field, 0, 4);
    }

    private static void WriteEntry(MemoryStream table, ushort revision, ushort type, byte[] content)
    {
        // The length counts the padding too, as sbsign writes it: some firmware steps by the length alone.
        int length = WinCertificate.HeaderSize + content.Length;
        int padded = (length + Authenticode.Alignment - 1) / Authenticode.Alignment * Authenticode.Alignment;
        var entry = new byte[padded];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)padded);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(4), revision);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(6), type);
        content.CopyTo(entry, WinCertificate.HeaderSize);
        table.Write(entry);
    }

    private static uint Checksum(FileStream file)
    {
        var checksum = default(PeChecksum);
        var buffer = new byte[BufferSize];
        file.Position = 0;
        for (int count = file.Read(buffer); count > 0; count = file.Read(buffer))
        {
            checksum.Add(buffer.AsSpan(0, count));
        }

        return checksum.Value;
    }
}
