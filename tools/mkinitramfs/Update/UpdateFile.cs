using System;
using System.Collections.Generic;
using System.IO;
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
    private const string Description = "sw-description";
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Level 19 takes thirty times as long, and makes it smaller by 3 %: the file system is compressed already.</summary>
    private const string ZstdLevel = "-9";

    /// <summary>Makes the file out of what a build made.</summary>
    /// <exception cref="BuildException">It cannot be signed; or a member has 4 GiB or more.</exception>
    internal static void Write(string path, ImageManifest manifest, Guid uuid, string root, string uki, ToolsTree tools, IBuildLog log)
    {
        // The file system and most of the kernel's file are compressed already; the hash tree is not, and holes are not.
        UpdateMember rootMember = Compress(root, tools, log);
        WriteArchive(path, manifest, uuid, rootMember, new(Path.GetFileName(uki), uki, UpdateMember.Digest(uki), Compressed: false), log);
        File.Delete(rootMember.File);
    }

    /// <summary>Makes a file of members.</summary>
    /// <exception cref="BuildException">It cannot be signed; or a member has 4 GiB or more.</exception>
    internal static void WriteArchive(string path, ImageManifest manifest, Guid uuid, UpdateMember root, UpdateMember uki, IBuildLog log)
    {
        byte[] description = Encoding.UTF8.GetBytes(UpdateDescription.Make(manifest, uuid, root, uki));
        byte[] signature = DetachedSignature.Make(description, manifest.Signing, log);
        using FileStream output = new(path, FileMode.Create, FileAccess.Write, FileShare.None);
        var archive = new CpioWriter(output, DateTimeOffset.FromUnixTimeSeconds(SourceDate.Seconds), CpioFormat.Crc);
        archive.AddFile(Description, Mode, description);
        archive.AddFile(Description + ".sig", Mode, signature);
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

    private static UpdateMember Compress(string file, ToolsTree tools, IBuildLog log)
    {
        string compressed = file + ".zst";
        tools.Command("zstd", "-q", "-f", ZstdLevel, "--single-thread", "--no-progress", file, "-o", compressed).Run(log);
        return new(Path.GetFileName(compressed), compressed, UpdateMember.Digest(compressed), Compressed: true);
    }
}
