using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.Cpio;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>
/// <c>update.swu</c>: a cpio archive with check sums; first what is in it, then the signature over that, then the files, which the first
/// names by their digests. Same inputs, same bytes.
/// </summary>
internal static class UpdateFile
{
    /// <summary>First member: what is in it. Source: SWUpdate's doc/source/sw-description.rst.</summary>
    internal const string Description = "sw-description";

    /// <summary>Second member: the signature of the first.</summary>
    internal const string Signature = Description + ".sig";

    private const string Script = "install-kernel";

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Level 19 takes thirty times as long, and makes it smaller by 3 %: the file system is compressed already.</summary>
    private const string ZstdLevel = "-9";

    /// <summary>Makes the file out of what a build made.</summary>
    /// <exception cref="BuildException">It cannot be signed; or a member has 4 GiB or more.</exception>
    internal static void Write(string path, ImageManifest manifest, Guid uuid, string root, string uki, ToolsTree tools, IBuildLog log)
    {
        // The file system and most of the kernel's file are compressed already; the hash tree is not, and holes are not.
        string compressed = root + ".zst";
        tools.Command("zstd", "-q", "-f", ZstdLevel, "--single-thread", "--no-progress", root, "-o", compressed).Run(log);
        EncryptionKey? key = manifest.Update.Encrypt ? EncryptionKey.Read(manifest.Signing.UpdateEncryptionKey!) : null;
        UpdateMember[] members = [Member(compressed, isCompressed: true, key, uuid), Member(uki, isCompressed: false, key, uuid)];
        WriteArchive(path, manifest, uuid, members[0], members[1], log);
        foreach (string made in (IEnumerable<string>)[compressed, .. members.Select(member => member.File)])
        {
            if (made != uki)
            {
                File.Delete(made);
            }
        }
    }

    /// <summary>SWUpdate decrypts what is stored, then unpacks it; the digest is of what is stored.</summary>
    private static UpdateMember Member(string file, bool isCompressed, EncryptionKey? key, Guid uuid)
    {
        if (key is null)
        {
            return new(Path.GetFileName(file), file, UpdateMember.Digest(file), isCompressed);
        }

        string encrypted = file + ".enc";
        string vector = key.Encrypt(file, encrypted, uuid);
        return new(Path.GetFileName(encrypted), encrypted, UpdateMember.Digest(encrypted), isCompressed, Vector: vector);
    }

    /// <summary>Makes a file of members.</summary>
    /// <exception cref="BuildException">It cannot be signed; or a member has 4 GiB or more.</exception>
    internal static void WriteArchive(string path, ImageManifest manifest, Guid uuid, UpdateMember root, UpdateMember uki, IBuildLog log)
    {
        byte[]? script = manifest.Boot.HasEntries ? Encoding.UTF8.GetBytes(UpdateDescription.InstallKernel) : null;
        byte[] description = Encoding.UTF8.GetBytes(UpdateDescription.Make(manifest, uuid, root, uki, script is null ? null : new(Script, "", Convert.ToHexStringLower(SHA256.HashData(script)), Compressed: false)));
        byte[] signature = DetachedSignature.Make(description, manifest.Signing, log);
        using FileStream output = new(path, FileMode.Create, FileAccess.Write, FileShare.None);
        var archive = new CpioWriter(output, DateTimeOffset.FromUnixTimeSeconds(SourceDate.Seconds), CpioFormat.Crc);
        archive.AddFile(Description, Mode, description);
        archive.AddFile(Signature, Mode, signature);
        if (script is not null)
        {
            archive.AddFile(Script, Mode, script);
        }

        // The root first: it takes longest, and a device that loses its power meanwhile still has the kernel that goes with the old one there.
        foreach (UpdateMember member in (IReadOnlyList<UpdateMember>)[root, uki])
        {
            using FileStream content = File.OpenRead(member.File);
            try
            {
                archive.AddFile(member.Name, Mode, content);
            }
            catch (ArgumentException e)
            {
                throw new BuildException($"{Path.GetFileName(path)}: {e.Message}", "leave out packages, or raise rootfs.compression", e);
            }
        }

        archive.Finish();
    }
}
