using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>Makes the read-only file system of the image from its tar archive. Same archive, same bytes.</summary>
internal static class RootFileSystem
{
    private const int ErofsBlockSize = 4096;
    private const int SquashfsBlockSize = 256 << 10;

    /// <summary>Writes the file system's image, filled up with zeros to whole blocks of <paramref name="blockSize"/> bytes; gives its length.</summary>
    /// <exception cref="BuildException">The tool fails.</exception>
    internal static long Write(RootfsSection rootfs, string tar, string image, Guid uuid, int blockSize, ToolsTree tools, IBuildLog log)
    {
        HostCommand command = rootfs.FileSystem switch
        {
            "erofs" => tools.Command("mkfs.erofs", ErofsArguments(rootfs, tar, image, uuid)),
            "squashfs" => tools.Command("env", SquashfsArguments(rootfs.Compression, image)) with { InputFile = tar },
            _ => throw new ArgumentException($"the file system {rootfs.FileSystem} is not known", nameof(rootfs)),
        };
        command.Run(log);
        if (rootfs is { FileSystem: "erofs", ForDelta: true })
        {
            ErofsOrder.Apply(image);
        }

        using FileStream stream = File.Open(image, FileMode.Open, FileAccess.Write);
        long length = (stream.Length + blockSize - 1) / blockSize * blockSize;
        stream.SetLength(length);
        return length;
    }

    private static List<string> ErofsArguments(RootfsSection rootfs, string tar, string image, Guid uuid)
    {
        List<string> arguments = ["--quiet", $"-b{ErofsBlockSize}", $"-T{SourceDate.Seconds}", $"-U{uuid}"];
        if (rootfs.Compression != "none")
        {
            arguments.Add($"-z{rootfs.Compression}");
        }

        if (rootfs.ForDelta)
        {
            // Ends of files beside inodes would be other chunks whenever a block number changes there.
            arguments.Add("-E^inline_data");
        }

        return [.. arguments, "--tar=f", image, tar];
    }

    private static List<string> SquashfsArguments(string compression, string image) =>
    [
        // It refuses to run when its times are given both ways.
        "-u", "SOURCE_DATE_EPOCH", "sqfstar", "-quiet", "-no-progress", "-reproducible", "-mkfs-time", $"{SourceDate.Seconds}", "-all-time", $"{SourceDate.Seconds}",
        "-b", $"{SquashfsBlockSize}", .. Compressor(compression), image,
    ];

    private static string[] Compressor(string compression) => compression switch
    {
        "none" => ["-no-compression"],
        "lz4hc" => ["-comp", "lz4", "-Xhc"],
        _ => Leveled(compression),
    };

    /// <summary><c>NAME</c> or <c>NAME,LEVEL</c>.</summary>
    private static string[] Leveled(string compression) => compression.Split(',') is [{ } name, { } level]
        ? ["-comp", name, "-Xcompression-level", level]
        : ["-comp", compression];
}
