using System;
using System.IO;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Cpio;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Mkinitramfs.Uki;

namespace InitRuntime.Qemu.Harness;

/// <summary>UKIs with the kernel of an image and another initramfs, signed with the image's key: the firmware starts them.</summary>
internal static class Resealed
{
    private static PlainLog Quiet => new(TextWriter.Null, showCommands: false);

    /// <summary>The image's initramfs, with one text in it replaced by another one of the same length.</summary>
    /// <param name="image">The image.</param>
    /// <param name="text">Stands there exactly once.</param>
    /// <param name="replacement">As long.</param>
    /// <param name="signedPhase">For which phase of the boot the UKI's PCR signatures are; default: for the one that unlocks volumes.</param>
    internal static byte[] WithText(BuiltImage image, string text, string replacement, string? signedPhase = null) =>
        WithBytes(image, Unpack(image), Encoding.ASCII.GetBytes(text), Encoding.ASCII.GetBytes(replacement), signedPhase);

    /// <summary>The image's initramfs, with one bit changed in the last byte of a file.</summary>
    internal static byte[] WithChangedFile(BuiltImage image, string path)
    {
        byte[] archive = Unpack(image);
        byte[] content = ReadFile(archive, path.TrimStart('/'));
        byte[] changed = [.. content];
        changed[^1] ^= 1;
        return WithBytes(image, archive, content, changed);
    }

    /// <summary>An initramfs that has nothing but <c>/init</c>.</summary>
    internal static byte[] WithInitAlone(BuiltImage image)
    {
        using var archive = new MemoryStream();
        var writer = new CpioWriter(archive, DateTimeOffset.UnixEpoch);
        writer.AddFile("init", (UnixFileMode)0x1ed /* 0755 */, DeviceProgram.Init.Read());
        writer.Finish();
        return Seal(image, archive.ToArray());
    }

    /// <summary>The image's UKI, without a signature.</summary>
    internal static byte[] Unsigned(BuiltImage image) => Build(image, image[Artefacts.Initramfs], signed: false);

    /// <summary>Both archives of the initramfs, not compressed.</summary>
    private static byte[] Unpack(BuiltImage image) =>
        (Images.Tools.Command("zstd", "-d", "--stdout") with { InputFile = image[Artefacts.Initramfs] }).Run(Quiet);

    private static byte[] ReadFile(byte[] archives, string path)
    {
        var stream = new MemoryStream(archives);
        ParseError error = default;
        while (stream.Position < stream.Length && !error.IsError)
        {
            // Archives are filled up with zeros.
            if (archives[stream.Position] == 0)
            {
                stream.Position++;
                continue;
            }

            var reader = new CpioReader(stream);
            while (reader.TryNext(out CpioEntry? entry, out error))
            {
                if (entry.Name == path && reader.TryReadContent(archives.Length, out byte[]? content, out error))
                {
                    return content;
                }
            }
        }

        throw new InvalidDataException($"no {path} in the initramfs: {error}");
    }

    private static byte[] WithBytes(BuiltImage image, byte[] archive, byte[] wanted, byte[] put, string? signedPhase = null)
    {
        int at = archive.AsSpan().IndexOf(wanted);
        if (at < 0 || put.Length != wanted.Length || archive.AsSpan(at + 1).IndexOf(wanted) >= 0)
        {
            throw new InvalidOperationException(
                "the initramfs does not hold the wanted bytes exactly once, or the new ones are not as many");
        }

        put.CopyTo(archive, at);
        return Seal(image, archive, signedPhase);
    }

    private static byte[] Seal(BuiltImage image, byte[] archive, string? signedPhase = null)
    {
        string initramfs = Path.GetTempFileName();
        try
        {
            (Images.Tools.Command("zstd", "--check", "--quiet", "--stdout") with { Input = archive, OutputFile = initramfs }).Run(Quiet);
            return Build(image, initramfs, signed: true, signedPhase);
        }
        finally
        {
            File.Delete(initramfs);
        }
    }

    private static byte[] Build(BuiltImage image, string initramfs, bool signed, string? signedPhase = null)
    {
        byte[] file = File.ReadAllBytes(image[Artefacts.Uki]);
        if (!UkiImage.TryParse(file, out UkiImage? uki, out ParseError error))
        {
            throw new InvalidDataException($"{image[Artefacts.Uki]}: {error}");
        }

        string Section(string name) => Encoding.UTF8.GetString(uki!.Content(file, name)).TrimEnd('\0');
        using AuthenticodeSigner? signer = signed ? AuthenticodeSigner.Open(Keys(image), Quiet) : null;
        string output = Path.GetTempFileName();
        try
        {
            UkiBuilder.Build(
                new UkiInputs
                {
                    StubFile = Images.Tools.HostPath(UkiBuilder.StubInTree),
                    Kernel = uki!.Content(file, UkiSection.Linux).ToArray(),
                    InitrdFile = initramfs,
                    CommandLine = Section(UkiSection.CommandLine),
                    OsRelease = Section(UkiSection.OsRelease),
                    Uname = Section(UkiSection.Uname),
                    PcrKey = PcrPolicyKey.Open(Keys(image), Quiet),
                    SignedPhasePaths = [signedPhase ?? "enter-initrd"],
                },
                signer,
                output);
            return File.ReadAllBytes(output);
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static SigningSection Keys(BuiltImage image) => new()
    {
        SecureBootCertificate = KeyDirectory.CertificateIn(image.Keys),
        SecureBootKey = KeyDirectory.KeyIn(image.Keys),
        SecureBootCommand = null,
        PcrPublicKey = KeyDirectory.PcrPublicKeyIn(image.Keys),
        PcrKey = KeyDirectory.PcrKeyIn(image.Keys),
        PcrCommand = null,
        EnrolDirectory = null,
    };
}
