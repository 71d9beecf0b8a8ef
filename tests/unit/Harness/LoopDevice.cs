using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Unit.Harness;

/// <summary>A disk of this host's kernel in a file, which may have partitions. Only with <see cref="FactWithLoopDeviceAttribute"/>.</summary>
internal sealed class LoopDevice : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <param name="length">In bytes.</param>
    /// <param name="sectorSize">In bytes.</param>
    /// <param name="fill">Gets the file before it becomes a disk.</param>
    internal LoopDevice(long length, int sectorSize = 512, Action<string>? fill = null)
    {
        File = _directory["disk"];
        using (FileStream file = System.IO.File.Create(File))
        {
            file.SetLength(length);
        }

        fill?.Invoke(File);
        Path = Host("losetup", "--find", "--show", "--partscan", "--sector-size", $"{sectorSize}", File);
    }

    /// <summary>The file behind it.</summary>
    internal string File { get; }

    /// <summary>Its node.</summary>
    internal string Path { get; }

    /// <summary>Runs a program of this host; its output.</summary>
    internal static string Host(string program, params string[] arguments) =>
        new HostCommand(program, arguments).RunText(new PlainLog(TextWriter.Null, showCommands: false)).Trim();

    public void Dispose()
    {
        Host("losetup", "--detach", Path);
        _directory.Dispose();
    }
}
