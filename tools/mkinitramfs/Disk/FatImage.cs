using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Fat;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Disk;

/// <summary>One file of a FAT volume.</summary>
/// <param name="Path">With <c>/</c> between its parts, each at most 8.3 upper-case characters or plain ASCII.</param>
/// <param name="Source">The host's file that it is a copy of.</param>
internal sealed record FatImageFile(string Path, string Source);

/// <summary>Makes FAT volumes with mkfs.fat and mtools. Same files, same bytes.</summary>
internal static class FatImage
{
    private const int Kibi = 1024;

    /// <summary>Writes a volume of <paramref name="size"/> bytes with some files.</summary>
    /// <param name="image">Its file.</param>
    /// <param name="size">In bytes; a multiple of 1024.</param>
    /// <param name="label">Volume label, at most 11 characters.</param>
    /// <param name="volumeId">Serial number of the volume.</param>
    /// <param name="files">What it holds.</param>
    /// <param name="sizeKey">The manifest key that sets its size, for the message when it is too small.</param>
    /// <param name="tools">Where mkfs.fat and mtools are.</param>
    /// <param name="log">Gets the commands.</param>
    /// <exception cref="BuildException">The files do not fit, or a tool fails.</exception>
    internal static void Write(
        string image, long size, string label, uint volumeId, IReadOnlyList<FatImageFile> files, string sizeKey, ToolsTree tools, IBuildLog log)
    {
        if (size % Kibi != 0)
        {
            throw new BuildException($"{sizeKey}: {size} bytes are not a multiple of {Kibi}");
        }

        File.Delete(image);
        tools.Command("mkfs.fat", "--invariant", "-i", $"{volumeId:x8}", "-n", label, "-C", image, $"{size / Kibi}").Run(log);
        CheckFits(image, size, label, files, sizeKey);
        foreach (string directory in Directories(files))
        {
            Mtools(tools, "mmd", "-i", image, $"::{directory}").Run(log);
        }

        foreach (FatImageFile file in files)
        {
            Mtools(tools, "mcopy", "-i", image, file.Source, $"::{file.Path}").Run(log);
        }
    }

    /// <summary>A volume's serial number from a UUID: fixed, but not the same for every volume.</summary>
    internal static uint VolumeId(Guid uuid) => BinaryPrimitives.ReadUInt32BigEndian(uuid.ToByteArray(bigEndian: true));

    /// <summary>Parents before children.</summary>
    private static IEnumerable<string> Directories(IReadOnlyList<FatImageFile> files) => files
        .SelectMany(file => file.Path.Split('/')[..^1].Select((_, depth) => string.Join('/', file.Path.Split('/')[..(depth + 1)])))
        .Distinct()
        .OrderBy(path => path.Length);

    private static HostCommand Mtools(ToolsTree tools, string tool, params IReadOnlyList<string> arguments)
    {
        HostCommand command = tools.Command(tool, arguments);
        return command with
        {
            Environment = new Dictionary<string, string>(command.Environment)
            {
                ["SOURCE_DATE_EPOCH"] = $"{SourceDate.Seconds}",
                ["TZ"] = "UTC",
                ["MTOOLS_SKIP_CHECK"] = "1",
            },
        };
    }

    private static void CheckFits(string image, long size, string label, IReadOnlyList<FatImageFile> files, string sizeKey)
    {
        (long clusters, int clusterSize) = Capacity(image, size);
        // Each directory below the root takes a cluster.
        long needed = Directories(files).Count() + files.Sum(file => (new FileInfo(file.Source).Length + clusterSize - 1) / clusterSize);
        if (needed <= clusters)
        {
            return;
        }

        FatImageFile largest = files.MaxBy(file => new FileInfo(file.Source).Length)!;
        throw new BuildException(
            $"{largest.Path} ({new FileInfo(largest.Source).Length} bytes) does not fit into the {label} partition: "
            + $"its files need {needed * clusterSize} bytes, {clusters * clusterSize} of {size} are free",
            $"raise {sizeKey} (devices in the field cannot be updated to a larger one), or leave out modules");
    }

    /// <summary>Number of clusters of an empty volume, and their size in bytes.</summary>
    private static (long Clusters, int ClusterSize) Capacity(string image, long size)
    {
        using FileStream stream = File.OpenRead(image);
        bool Read(long offset, Span<byte> buffer)
        {
            stream.Position = offset;
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;
        }

        return FatVolume.TryOpen(Read, size, out FatVolume? volume, out ParseError error)
            ? (volume.Clusters, volume.ClusterSize)
            : throw new BuildException($"mkfs.fat made no FAT volume: {error}");
    }
}
