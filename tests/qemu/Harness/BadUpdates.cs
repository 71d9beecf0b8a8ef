using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats.Cpio;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Qemu.Harness;

/// <summary>Update files that a device must not install, made out of good ones by other tools where these can do it.</summary>
internal static class BadUpdates
{
    /// <summary>Their names, and what SWUpdate says of each.</summary>
    internal static IReadOnlyList<(string Name, string Reason)> Reasons { get; } =
    [
        ("unsigned.swu", "sw-description.sig"),
        ("other-key.swu", "Signature verification"),
        ("changed-description.swu", "Signature verification"),
        ("truncated-early.swu", ""),
        ("hardware.swu", "SW not compatible with hardware"),
        ("same.swu", "image UUID is the one that runs"),
    ];

    /// <summary>The same for what is found only while it is written.</summary>
    internal static IReadOnlyList<(string Name, string Reason)> LateReasons { get; } =
    [
        ("changed-root.swu", "ZSTD_decompressStream failed"),
        ("other-root.swu", "Error streaming rootfs.img.zst"),
        ("changed-kernel.swu", "Error streaming linux.efi"),
        ("truncated-late.swu", "Error streaming rootfs.img.zst"),
    ];

    /// <summary>Makes them.</summary>
    /// <param name="directory">Gets them.</param>
    /// <param name="running">The image that the device runs.</param>
    /// <param name="next">The image whose update is fine but for one thing.</param>
    internal static IReadOnlyDictionary<string, string> Make(string directory, BuiltImage running, BuiltImage next)
    {
        string good = UpdateDisk.Of(next);
        List<(string Name, byte[] Content)> members = Read(good);
        string Path(string name) => System.IO.Path.Combine(directory, name);
        string otherKeys = Path("other-keys");
        DevelopmentKeys.Make(otherKeys);

        Write(Path("unsigned.swu"), members.Where(member => member.Name != "sw-description.sig"));
        byte[] description = members[0].Content;
        Write(Path("other-key.swu"), Signed(members, description, otherKeys, directory));
        Write(Path("changed-description.swu"), members.Select(member => member.Name == "sw-description"
            ? (member.Name, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(member.Content).Replace("version = \"2.0\"", "version = \"9.0\"", StringComparison.Ordinal)))
            : member));
        File.WriteAllBytes(Path("truncated-early.swu"), File.ReadAllBytes(good)[..3000]);
        Write(Path("hardware.swu"), Signed(
            members, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(description).Replace("hardware-compatibility: [ \"1\" ]", "hardware-compatibility: [ \"7\" ]", StringComparison.Ordinal)), next.Keys, directory));
        File.Copy(UpdateDisk.Of(running), Path("same.swu"));
        Write(Path("changed-root.swu"), WithChange(members, Artefacts.Root));
        Write(Path("other-root.swu"), With(members, Artefacts.Root, Compressed(running[Artefacts.Root], directory)));
        Write(Path("changed-kernel.swu"), WithChange(members, Artefacts.Uki));
        byte[] whole = File.ReadAllBytes(good);
        File.WriteAllBytes(Path("truncated-late.swu"), whole[..(whole.Length / 2)]);
        return Reasons.Concat(LateReasons).ToDictionary(reason => reason.Name, reason => Path(reason.Name));
    }

    /// <summary>An update with one changed bit in the root that it carries; the archive's own check sums are right.</summary>
    /// <param name="directory">Gets it.</param>
    /// <param name="image">The image whose update is fine otherwise.</param>
    internal static string WithChangedRoot(string directory, BuiltImage image)
    {
        string path = Path.Combine(directory, "changed.swu");
        Write(path, WithChange(Read(UpdateDisk.Of(image)), Artefacts.Root));
        return path;
    }

    /// <summary>Changes one bit in the middle of a member, which may be compressed.</summary>
    private static IEnumerable<(string Name, byte[] Content)> WithChange(List<(string Name, byte[] Content)> members, string artefact)
    {
        byte[] content = [.. members.Single(member => IsOf(member.Name, artefact)).Content];
        content[content.Length / 2] ^= 1;
        return With(members, artefact, content);
    }

    private static IEnumerable<(string Name, byte[] Content)> With(List<(string Name, byte[] Content)> members, string artefact, byte[] content) =>
        members.Select(member => IsOf(member.Name, artefact) ? (member.Name, content) : member);

    private static bool IsOf(string member, string artefact) => member.StartsWith(artefact, StringComparison.Ordinal);

    private static byte[] Compressed(string file, string directory)
    {
        string compressed = Path.Combine(directory, "other.zst");
        Images.Tools.Run("zstd", "-q", "-f", "-1", "--no-progress", file, "-o", compressed);
        return File.ReadAllBytes(compressed);
    }

    /// <summary>Signed anew, by OpenSSL.</summary>
    private static IEnumerable<(string Name, byte[] Content)> Signed(List<(string Name, byte[] Content)> members, byte[] description, string keys, string directory)
    {
        string text = Path.Combine(directory, "sw-description");
        string signature = text + ".sig";
        File.WriteAllBytes(text, description);
        Images.Tools.Run(
            "openssl", "cms", "-sign", "-in", text, "-out", signature, "-signer", Path.Combine(keys, "update.crt"), "-inkey", Path.Combine(keys, "update.key"),
            "-outform", "DER", "-nosmimecap", "-noattr", "-binary");
        return members.Select(member => member.Name switch
        {
            "sw-description" => (member.Name, description),
            "sw-description.sig" => (member.Name, File.ReadAllBytes(signature)),
            _ => member,
        });
    }

    private static List<(string Name, byte[] Content)> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        var reader = new CpioReader(file);
        var members = new List<(string, byte[])>();
        while (reader.TryNext(out CpioEntry? entry, out _))
        {
            if (!reader.TryReadContent(int.MaxValue, out byte[]? content, out _))
            {
                throw new InvalidDataException(path);
            }

            members.Add((entry.Name, content));
        }

        return members;
    }

    private static void Write(string path, IEnumerable<(string Name, byte[] Content)> members)
    {
        using FileStream file = File.Create(path);
        var archive = new CpioWriter(file, DateTimeOffset.UnixEpoch, CpioFormat.Crc);
        foreach ((string name, byte[] content) in members)
        {
            archive.AddFile(name, UnixFileMode.UserRead, content);
        }

        archive.Finish();
    }
}
