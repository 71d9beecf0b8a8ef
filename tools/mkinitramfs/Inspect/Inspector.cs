using System;
using System.IO;
using System.Text;
using System.Text.Json;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>Says what a file of a build holds. It is known by its content, not by its name.</summary>
internal sealed class Inspector(ToolsTree tools, InspectionWriter writer, IBuildLog log)
{
    private const int LongestSection = 1 << 20;
    private const int LongestSummary = 1 << 20;

    /// <summary>Writes what it found.</summary>
    /// <exception cref="BuildException">The file cannot be read, or is none that is known.</exception>
    internal static void Inspect(string path, ToolsTree tools, TextWriter output, IBuildLog log)
    {
        FileStream file;
        try
        {
            file = File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path} cannot be read: {e.Message}", inner: e);
        }

        using (file)
        {
            new Inspector(tools, new InspectionWriter(output), log).Inspect(file, path);
        }
    }

    private void Inspect(FileStream file, string path)
    {
        var region = new FileRegion(file, 0, file.Length);
        byte[] start = region.Start(8);
        if (start.AsSpan().StartsWith("MZ"u8))
        {
            WriteProgram(file, region, path);
        }
        else if (!TryArchive(file, path, writer) && !DiskInspection.Try(region, writer) && !RootInspection.Try(region, writer) && !TryEnvironment(region) && !TrySummary(region))
        {
            throw new BuildException(
                $"{path}: not a file that is known here",
                "known are UKIs, initramfs and update archives, disk images, root file systems, BGENV.DAT and image.json");
        }
    }

    private void WriteProgram(FileStream file, FileRegion region, string path)
    {
        byte[] start = region.Start(PeImage.LongestHeaders);
        (PeImage image, AuthenticodeLayout layout) = AuthenticodeFile.Read(file, path);
        bool isUki = UkiImage.TryParse(start, region.Length, out UkiImage? uki, out _);
        writer.Line($"{(isUki ? "unified kernel image" : "EFI program")} of {InspectionWriter.Size(region.Length)}");
        byte[] digest = AuthenticodeFile.Digest(file, layout);
        writer.Value("digest", $"sha256 {Convert.ToHexStringLower(digest)} (Authenticode)");
        int number = 0;
        foreach ((_, byte[] content) in AuthenticodeFile.Certificates(file, image, path))
        {
            bool matches = SpcSignedData.ReadImageDigest(content) is { } signed && digest.AsSpan().SequenceEqual(signed);
            writer.Value($"signature {++number}", matches ? "for this content" : "NOT for this content: the firmware refuses it");
        }

        if (number == 0)
        {
            writer.Line("not signed");
        }

        foreach (PeSection section in image.Sections)
        {
            writer.Inner.Line($"{section.VirtualSize,10}  {section.Name}");
        }

        if (isUki)
        {
            WriteUki(uki!, region);
        }
    }

    private void WriteUki(UkiImage uki, FileRegion region)
    {
        foreach (string name in (string[])[UkiSection.CommandLine, UkiSection.Uname, UkiSection.OsRelease, UkiSection.Sbat])
        {
            if (uki.TryFind(name, out FileRange range) && range.Length <= LongestSection)
            {
                writer.Line($"{name}:");
                foreach (string line in Encoding.UTF8.GetString(region.Part(range.Offset, range.Length).Start((int)range.Length)).TrimEnd('\0', '\n').Split('\n'))
                {
                    writer.Inner.Line(line);
                }
            }
        }

        if (!uki.TryFind(UkiSection.Initrd, out FileRange initrd))
        {
            return;
        }

        writer.Line($"{UkiSection.Initrd}:");
        string copy = Path.GetTempFileName();
        try
        {
            using (FileStream to = File.Create(copy))
            {
                byte[] buffer = new byte[1 << 16];
                for (long done = 0; done < initrd.Length;)
                {
                    Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, initrd.Length - done));
                    if (!region.Read(initrd.Offset + done, part))
                    {
                        throw new BuildException("the initrd lies outside of the file");
                    }

                    to.Write(part);
                    done += part.Length;
                }
            }

            using FileStream from = File.OpenRead(copy);
            if (!TryArchive(from, copy, writer.Inner))
            {
                writer.Inner.Line("not an archive that is known here");
            }
        }
        finally
        {
            File.Delete(copy);
        }
    }

    /// <summary>Cpio archives, one behind the other, as they are or compressed with zstd.</summary>
    private bool TryArchive(FileStream file, string path, InspectionWriter to)
    {
        byte[] start = new FileRegion(file, 0, file.Length).Start(8);
        if (start.AsSpan().StartsWith("070701"u8) || start.AsSpan().StartsWith("070702"u8))
        {
            file.Position = 0;
            ArchiveInspection.Write(file, to, tools);
            WriteNextArchive(file, to);
            return true;
        }

        if (!start.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
        {
            return false;
        }

        to.Line("compressed with zstd");
        string unpacked = Path.GetTempFileName();
        try
        {
            tools.Command("zstd", "-d", "-q", "-f", path, "-o", unpacked).Run(log);
            using FileStream archive = File.OpenRead(unpacked);
            return TryArchive(archive, unpacked, to);
        }
        finally
        {
            File.Delete(unpacked);
        }
    }

    /// <summary>What stands behind an archive and its padding.</summary>
    private void WriteNextArchive(FileStream file, InspectionWriter to)
    {
        int next;
        do
        {
            next = file.ReadByte();
        }
        while (next == 0);
        if (next < 0)
        {
            return;
        }

        file.Position--;
        string copy = Path.GetTempFileName();
        try
        {
            using (FileStream rest = File.Create(copy))
            {
                file.CopyTo(rest);
            }

            using FileStream archive = File.OpenRead(copy);
            if (!TryArchive(archive, copy, to))
            {
                to.Line("behind it: not an archive that is known here");
            }
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private bool TryEnvironment(FileRegion region) =>
        region.Length <= BootGuardEnvironment.MaximumSize && DiskInspection.TryEnvironment(region.Start((int)region.Length), writer);

    private bool TrySummary(FileRegion region)
    {
        if (region.Length is < 2 or > LongestSummary || region.Start(1)[0] != '{')
        {
            return false;
        }

        ImageSummary summary;
        try
        {
            summary = ImageSummary.Read(region.Start((int)region.Length));
        }
        catch (JsonException)
        {
            return false;
        }

        writer.Line($"image {summary.Name} {summary.Version}");
        writer.Value("image UUID", summary.ImageUuid.ToString());
        writer.Value("kernel", $"{summary.KernelVersion} ({summary.Architecture})");
        writer.Value("command line", summary.CommandLine);
        writer.Value("root hash", $"{summary.Algorithm} {summary.Roothash}");
        writer.Value("root", $"{summary.FileSystem}, {summary.DataBlocks} blocks of {summary.DataBlockSize} bytes, hash offset {summary.HashOffset}");
        foreach ((string name, ArtefactSummary artefact) in summary.Artefacts)
        {
            writer.Inner.Line($"{artefact.Size,12}  {artefact.Sha256}  {name}");
        }

        return true;
    }
}
