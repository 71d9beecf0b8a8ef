using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Qemu.Harness;

/// <summary>Files that a volume holds before it is encrypted, and the digest that the guest must find again.</summary>
internal sealed class VolumeData
{
    private const int Files = 40;
    private const int LongestFile = 1 << 20;

    /// <summary>As tests/qemu/Guest makes it: over the sorted lines of sha256sum.</summary>
    private const string DigestOfData = "cd \"$0\" && find . -type f | sort | xargs -d '\\n' sha256sum | sha256sum | cut -d ' ' -f 1";

    private readonly string _directory;

    private VolumeData(string directory) => _directory = directory;

    /// <summary>What the guest reports of the volume.</summary>
    internal string Digest => DigestOf(Path.Combine(_directory, "data"));

    /// <summary>The digest of what an image has below a path of its own.</summary>
    internal static string OfImage(string path) => DigestOf(Path.Combine(Places.Repository, "tests", "qemu", "Guest", path.TrimStart('/')));

    /// <summary>
    /// Puts a plain file system with new files into a partition of a disk, from the partition's start to its end, and takes away the
    /// mark that says that the partition is new: as a device of the field has it that was never encrypted.
    /// </summary>
    internal static VolumeData Fill(DiskImage disk, string label, string fileSystem)
    {
        string directory = Path.Combine(disk.Directory, $"content-{label}");
        var data = new VolumeData(directory);
        data.Write(label);
        string image = directory + ".img";
        using (FileStream file = File.Create(image))
        {
            file.SetLength(disk.LengthOf(label));
        }

        if (fileSystem == "ext4")
        {
            Images.Tools.Run("mkfs.ext4", "-q", "-F", "-d", directory, image);
        }
        else
        {
            Images.Tools.Run("mkfs.btrfs", "--quiet", "--rootdir", directory, image);
        }

        disk.WriteFile(label, image);
        disk.MarkFilled(label);
        File.Delete(image);
        return data;
    }

    /// <summary>Random files of many lengths, in directories.</summary>
    private void Write(string seed)
    {
        var random = new Random(string.GetHashCode(seed, StringComparison.Ordinal));
        for (int i = 0; i < Files; i++)
        {
            byte[] content = new byte[random.Next(i % 3 == 0 ? LongestFile : 5000)];
            random.NextBytes(content);
            string file = Path.Combine(_directory, "data", $"{i % 5}", $"file {i}");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, content);
        }
    }

    private static string DigestOf(string directory) => Encoding.ASCII.GetString(
        new HostCommand("sh", "-c", DigestOfData, directory) { Environment = new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" } }
            .Run(new PlainLog(TextWriter.Null, showCommands: false))).Trim();
}
