using System;
using System.Collections.Generic;
using System.IO;
using System.Text.RegularExpressions;
using InitRuntime.Formats;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.FileSystems;

/// <summary>A file system in a sparse file, made by the real tool.</summary>
internal sealed class FileSystemImage : IDisposable
{
    internal const string Label = "state";

    internal static readonly Guid Uuid = new("6f2a8c3e-5b1d-4e7f-9a0b-c1d2e3f40516");

    private const int MiB = 1 << 20;

    private readonly TemporaryDirectory _directory = new();

    private FileSystemImage(int lengthInMiB)
    {
        using FileStream file = File.Create(Path);
        file.SetLength((long)lengthInMiB * MiB);
    }

    internal string Path => _directory["image"];

    /// <summary>By mkfs.ext4 and its kin, 64 MiB.</summary>
    internal static FileSystemImage Ext(string tool, params string[] options) =>
        new FileSystemImage(64).Run(tool, ["-q", "-L", Label, "-U", $"{Uuid}", .. options]);

    /// <summary>By mkfs.xfs, 300 MiB: the least that it makes.</summary>
    internal static FileSystemImage Xfs(params string[] options) =>
        new FileSystemImage(300).Run("mkfs.xfs", ["-q", "-L", Label, "-m", $"uuid={Uuid}", .. options]);

    /// <summary>By mkfs.btrfs, 128 MiB.</summary>
    internal static FileSystemImage Btrfs(params string[] options) =>
        new FileSystemImage(128).Run("mkfs.btrfs", ["-q", "-L", Label, "-U", $"{Uuid}", .. options]);

    /// <summary>By any tool that takes the image as its last argument.</summary>
    internal static FileSystemImage Made(int lengthInMiB, string tool, params string[] options) =>
        new FileSystemImage(lengthInMiB).Run(tool, options);

    /// <summary>Runs a tool with the image behind its options.</summary>
    internal FileSystemImage Run(string tool, params string[] options)
    {
        Tools.Run(tool, [.. options, Path]);
        return this;
    }

    /// <summary>Runs a tool with the image, and another argument behind it.</summary>
    internal FileSystemImage RunTo(string tool, string last, params string[] options)
    {
        Tools.Run(tool, [.. options, Path, last]);
        return this;
    }

    /// <summary>As much of the start as the reader wants.</summary>
    internal byte[] Start()
    {
        using FileStream file = File.OpenRead(Path);
        byte[] start = new byte[Math.Min(FileSystemSuperblock.RequiredLength, file.Length)];
        file.ReadExactly(start);
        return start;
    }

    /// <summary>What the reader finds.</summary>
    internal FileSystemSuperblock Find()
    {
        Assert.True(FileSystemSuperblock.TryFind(Start(), out FileSystemSuperblock? value, out ParseError error), error.Message);
        return value;
    }

    /// <summary>What blkid finds, by its names.</summary>
    internal Dictionary<string, string> Blkid()
    {
        var found = new Dictionary<string, string>();
        foreach (string line in Tools.Run("blkid", "-p", "-o", "export", Path).Split('\n'))
        {
            if (line.Split('=', 2) is [string name, string value])
            {
                found[name] = value;
            }
        }

        return found;
    }

    /// <summary>A number that a tool shows behind a name.</summary>
    internal long Shown(string name, string tool, params string[] options)
    {
        string shown = Tools.Run(tool, [.. options, Path]);
        Match match = Regex.Match(shown, $@"^{Regex.Escape(name)}[:=\s]+(\d+)", RegexOptions.Multiline);
        Assert.True(match.Success, $"{tool} shows no {name}: {shown}");
        return long.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => _directory.Dispose();
}
