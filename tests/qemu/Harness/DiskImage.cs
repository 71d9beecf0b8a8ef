using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using InitRuntime.Formats;
using InitRuntime.Formats.Gpt;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Run;

namespace InitRuntime.Qemu.Harness;

/// <summary>A test's own copy of an image's disk, to be damaged before or between boots. The copy goes with the test.</summary>
internal sealed partial class DiskImage : IDisposable
{
    private const int SectorSize = 512;

    private DiskImage(BuiltImage image, string directory)
    {
        Image = image;
        Directory = directory;
        Path = System.IO.Path.Combine(directory, "disk.img");
        if (System.IO.Directory.Exists(directory))
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }

        System.IO.Directory.CreateDirectory(directory);
        new HostCommand("cp", "--reflink=auto", "--sparse=always", image[Artefacts.Disk], Path).Run(Quiet);
        Table = ReadTable();
    }

    /// <summary>What it is a copy of.</summary>
    internal BuiltImage Image { get; }

    /// <summary>The test's directory.</summary>
    internal string Directory { get; }

    /// <summary>The raw image.</summary>
    internal string Path { get; }

    /// <summary>What a machine of this disk changes: the guest's writes, firmware variables, TPM.</summary>
    internal string MachineDirectory => System.IO.Path.Combine(Directory, "machine");

    /// <summary>Its partitions, as they were at first.</summary>
    internal GptTable Table { get; }

    /// <summary>Copies an image's disk into a directory that is named after the test.</summary>
    /// <param name="image">The image.</param>
    /// <param name="part">Tells the disks of one test apart.</param>
    /// <param name="test">The test's name.</param>
    internal static DiskImage Of(BuiltImage image, string part = "", [CallerMemberName] string test = "") =>
        new(image, Places.OfTest(part.Length == 0 ? test : $"{test}-{part}"));

    /// <summary>A machine of its own in the state in which another one was switched off.</summary>
    /// <param name="other">It must not run, and must stay: its disk lies below the copy's.</param>
    /// <param name="part">Tells the disks of one test apart.</param>
    /// <param name="test">The test's name.</param>
    internal static DiskImage LikeMachineOf(DiskImage other, string part = "", [CallerMemberName] string test = "")
    {
        var copy = new DiskImage(other.Image, Places.OfTest(part.Length == 0 ? test : $"{test}-{part}"));
        new HostCommand("cp", "--archive", "--reflink=auto", "--sparse=always", other.MachineDirectory, copy.MachineDirectory).Run(Quiet);
        File.Delete(System.IO.Path.Combine(copy.MachineDirectory, "serial.log"));
        MachineState.Adopt(copy.MachineDirectory, copy.Path, copy.Image.Keys);
        return copy;
    }

    /// <summary>Writes a file's bytes, at an offset of a partition, onto the disk as the guest left it.</summary>
    internal DiskImage WriteAsGuestLeftIt(string label, long offset, string file) => OnGuestDisk(
        string.Create(CultureInfo.InvariantCulture, $"write -s {file} {OffsetOf(label) + offset} {new FileInfo(file).Length}"));

    /// <summary>Fills a stretch of a partition with one byte, on the disk as the guest left it.</summary>
    internal DiskImage FillAsGuestLeftIt(string label, long offset, long length, byte value) => OnGuestDisk(
        string.Create(CultureInfo.InvariantCulture, $"write -P {value} {OffsetOf(label) + offset} {length}"));

    /// <summary>The whole disk as the guest left it, as a raw image that the tools of the host read.</summary>
    internal string Flatten()
    {
        string flat = System.IO.Path.Combine(Directory, "flat.img");
        Images.Tools.Run("qemu-img", "convert", "-O", "raw", GuestDisk, flat);
        return flat;
    }

    /// <summary>Puts another TPM into the machine, or the same one cleared: to a sealed key that is the same.</summary>
    internal DiskImage ReplaceTpm()
    {
        MachineState.MakeTpm(MachineDirectory, Images.Tools);
        return this;
    }

    private string GuestDisk => System.IO.Path.Combine(MachineDirectory, "disk.qcow2");

    private DiskImage OnGuestDisk(string command)
    {
        Images.Tools.Run("qemu-io", "-f", "qcow2", "-c", command, GuestDisk);
        return this;
    }

    /// <summary>Where a partition begins, in bytes.</summary>
    internal long OffsetOf(string label) => Table.FindLabel(label)!.FirstSector * SectorSize;

    /// <summary>Changes one bit of a byte; a second time, and it is as before.</summary>
    /// <param name="label">Label of the partition.</param>
    /// <param name="offset">In the partition, in bytes.</param>
    internal DiskImage FlipBit(string label, long offset)
    {
        byte[] one = Read(label, offset, 1);
        one[0] ^= 0x10;
        return Write(label, offset, one);
    }

    /// <summary>Bytes of a partition.</summary>
    internal byte[] Read(string label, long offset, int length)
    {
        using FileStream disk = File.OpenRead(Path);
        disk.Position = OffsetOf(label) + offset;
        byte[] bytes = new byte[length];
        disk.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Overwrites bytes of a partition.</summary>
    internal DiskImage Write(string label, long offset, ReadOnlySpan<byte> bytes) => WriteAt(OffsetOf(label) + offset, bytes);

    /// <summary>Takes a partition out of both copies of the partition table.</summary>
    internal DiskImage RemovePartition(string label)
    {
        GptTable without = Table with { Partitions = [.. Table.Partitions.Where(partition => partition.Label != label)] };
        foreach (DiskRegion region in without.ToRegions())
        {
            WriteAt(region.Offset, region.Bytes);
        }

        return this;
    }

    /// <summary>Length of a partition, in bytes.</summary>
    internal long LengthOf(string label) => Table.FindLabel(label)!.Sectors * SectorSize;

    /// <summary>Overwrites a partition from its start on with a file; holes in it are left as zeros.</summary>
    internal DiskImage WriteFile(string label, string file)
    {
        Keep(() => new HostCommand(
            "dd", $"if={file}", $"of={Path}", "bs=1M", "conv=notrunc,sparse", "oflag=seek_bytes", $"seek={OffsetOf(label)}", "status=none").Run(Quiet));
        return this;
    }

    /// <summary>Takes away the mark of a partition that says that it is new, with Debian's own tool.</summary>
    internal DiskImage MarkFilled(string label)
    {
        Keep(() => Images.Tools.Run("sgdisk", $"--attributes={Table.FindLabel(label)!.Number}:clear:56", Path));
        return this;
    }

    /// <summary>As after the image was written to a larger disk.</summary>
    internal DiskImage Enlarge(long bytes)
    {
        Keep(() =>
        {
            using FileStream disk = File.OpenWrite(Path);
            disk.SetLength(disk.Length + bytes);
            return disk.Length;
        });
        return this;
    }

    /// <summary>A file of a FAT partition.</summary>
    internal byte[] ReadFile(string label, string name) => Mtools("mcopy", "-i", At(label), $"::{name}", "-").Run(Quiet);

    /// <summary>Replaces a file of a FAT partition.</summary>
    internal DiskImage ReplaceFile(string label, string name, ReadOnlySpan<byte> content)
    {
        string file = System.IO.Path.Combine(Directory, System.IO.Path.GetFileName(name));
        File.WriteAllBytes(file, content);
        Keep(() => Mtools("mcopy", "-o", "-i", At(label), file, $"::{name}").Run(Quiet));
        File.Delete(file);
        return this;
    }

    public void Dispose()
    {
        // What is for people stays: the console's log.
        foreach (string file in System.IO.Directory.GetFiles(Directory, "*", SearchOption.AllDirectories))
        {
            if (System.IO.Path.GetExtension(file) != ".log")
            {
                File.Delete(file);
            }
        }
    }

    private static PlainLog Quiet => new(TextWriter.Null, showCommands: false);

    private string At(string label) => $"{Path}@@{OffsetOf(label)}";

    private static HostCommand Mtools(string tool, params string[] arguments)
    {
        HostCommand command = Images.Tools.Command(tool, arguments);
        return command with { Environment = new Dictionary<string, string>(command.Environment) { ["MTOOLS_SKIP_CHECK"] = "1" } };
    }

    private DiskImage WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Keep(() =>
        {
            using FileStream disk = File.OpenWrite(Path);
            disk.Position = offset;
            disk.Write(copy);
            return copy;
        });
        return this;
    }

    /// <summary>Keeps the time of the last change: a machine whose disk is repaired between boots stays the same machine.</summary>
    private void Keep<T>(Func<T> change)
    {
        DateTime time = File.GetLastWriteTimeUtc(Path);
        change();
        File.SetLastWriteTimeUtc(Path, time);
    }

    private GptTable ReadTable()
    {
        using FileStream disk = File.OpenRead(Path);
        bool Read(long offset, Span<byte> buffer)
        {
            disk.Position = offset;
            return disk.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;
        }

        return GptReader.TryRead(Read, disk.Length, SectorSize, out GptReading? reading, out ParseError error)
            ? reading.Table
            : throw new InvalidDataException($"{Path}: {error}");
    }
}
