using System;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Linux;
using InitRuntime.Stages;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Volumes;

/// <summary>The file system of a volume: found, made, grown, made smaller, mounted.</summary>
internal sealed class VolumeFileSystem(ModuleLoader modules, RootTools tools, Kmsg log)
{
    /// <summary>Where a file system is mounted while it is being made or changed, as the root's programs see it.</summary>
    private const string Workplace = "/run/initruntime/volume";

    private const int DirectoryMode = 0x1ed; // 0755

    /// <summary>Less than this is not worth a resize, in bytes: file systems round down.</summary>
    private const long LeastGrowth = 16 << 20;

    /// <summary>What the kernel lets a device of btrfs be at least, in bytes. Source: fs/btrfs/ioctl.c, btrfs_ioctl_resize.</summary>
    private const long SmallestBtrfs = 256 << 20;

    /// <summary>What a device holds.</summary>
    /// <param name="Superblock">A file system that can be a volume's; null if there is none.</param>
    /// <param name="Other">Something else that can be named; null if nothing.</param>
    /// <param name="IsBlank">Whether there are only zeros where all of these begin.</param>
    internal sealed record Content(FileSystemSuperblock? Superblock, string? Other, bool IsBlank)
    {
        /// <summary>For a message.</summary>
        public override string ToString() => Superblock is { } found ? $"a plain {found.Type}" : Other is { } name ? name : IsBlank ? "nothing" : "something unknown";
    }

    /// <summary>Looks at the start of a device. What is recognised but damaged is an error, never "nothing".</summary>
    /// <exception cref="BootException">A file system is damaged.</exception>
    internal static Content Look(string device)
    {
        byte[] start = new byte[FileSystemSuperblock.RequiredLength];
        using (SafeFileHandle handle = KernelFile.Open(device))
        {
            KernelFile.ReadAt(handle, 0, start, device);
        }

        return FileSystemSuperblock.TryFind(start, out FileSystemSuperblock? found, out ParseError error) ? new(found, null, false)
            : error.IsError ? throw new BootException($"its file system is damaged: {error}", device)
            : new(null, FileSystemSuperblock.TryNameOther(start), FileSystemSuperblock.IsBlank(start));
    }

    /// <summary>
    /// Makes the file system and fills it with what the image has at its mount point. Nothing of it counts before the caller says
    /// so in the LUKS header or the partition table, so it can be begun again at any time.
    /// </summary>
    internal void Make(string device, VolumeSettings volume)
    {
        (string program, string[] options, int longestLabel) = volume.FileSystem switch
        {
            "btrfs" => ("/usr/sbin/mkfs.btrfs", new[] { "--force", "--quiet" }, 255),
            "ext4" => ("/usr/sbin/mkfs.ext4", ["-F", "-q"], 16),
            _ => ("/usr/sbin/mkfs.xfs", ["-f", "-q"], 12),
        };
        EraseOldSigns(device);
        string label = volume.Name[..Math.Min(volume.Name.Length, longestLabel)];
        tools.Run($"making the {volume.FileSystem} of {volume.Name}", program, [.. options, "-L", label, device]);
        using (OpenWorkplace(device, volume.FileSystem))
        {
            tools.Run(
                $"filling {volume.Name} with the image's {volume.MountPoint}", "/usr/bin/cp",
                ["--archive", "--one-file-system", volume.MountPoint + "/.", Workplace]);
        }
    }

    /// <summary>
    /// Makes a file system end at least <paramref name="room"/> bytes before the device does; one that does so already is left alone.
    /// </summary>
    /// <exception cref="BootException">It is too full, or cannot be made smaller.</exception>
    internal void MakeRoom(string device, VolumeSettings volume, FileSystemSuperblock superblock, long deviceLength, long room)
    {
        long wanted = (deviceLength - room) / LeastGrowth * LeastGrowth;
        if (superblock.LengthInBytes <= deviceLength - room)
        {
            return;
        }

        if (superblock.Type == "btrfs" && wanted < SmallestBtrfs)
        {
            throw new BootException(
                $"the btrfs of {volume.Name} cannot be made smaller than {SmallestBtrfs >> 20} MiB, and {room >> 20} MiB are wanted for the encryption header",
                device, "grow the partition, or make the volume anew with encrypt = \"format\"");
        }

        string size = $"{wanted / 1024}K";
        string work = $"making room for the encryption header: {volume.Name} to {wanted >> 20} MiB";
        switch (superblock.Type)
        {
            case "btrfs":
                using (OpenWorkplace(device, "btrfs"))
                {
                    tools.Run(work, "/usr/bin/btrfs", ["filesystem", "resize", size, Workplace]);
                }

                break;
            case "ext4":
                // 1: it found something and corrected it, as after a cut within the next command.
                tools.Run($"checking {volume.Name}", "/usr/sbin/e2fsck", ["-f", "-y", device], highestExitCode: 1);
                tools.Run(work, "/usr/sbin/resize2fs", [device, size]);
                break;
            default:
                throw new BootException(
                    $"{superblock.Type} cannot be made smaller, and there are only {(deviceLength - superblock.LengthInBytes) >> 20} MiB behind it; wanted {room >> 20}",
                    device, "grow the partition, or make the volume anew with encrypt = \"format\"");
        }
    }

    /// <summary>Mounts the volume into the root, and grows it when its device is larger and the manifest wants that.</summary>
    /// <exception cref="BootException">It holds something else than the manifest says, or the kernel does not take it.</exception>
    internal void Mount(string device, VolumeSettings volume, bool grow)
    {
        Content content = Look(device);
        if (content.Superblock is not { } superblock || superblock.Type != volume.FileSystem)
        {
            throw new BootException($"volume {volume.Name} holds {content}, wanted {volume.FileSystem}", device, "the manifest's file-system is the one it was made with");
        }

        modules.LoadForAlgorithm(superblock.Checksum);
        string target = RootMount.Path + volume.MountPoint;
        (MountFlags flags, string data) = Linux.Mount.ParseOptions(volume.MountOptions);
        try
        {
            Linux.Mount.FileSystem(device, target, volume.FileSystem, flags, data);
        }
        catch (SyscallException e)
        {
            throw new BootException($"volume {volume.Name} is not mounted: {e.Message}", device, "the kernel's lines above may say why", e);
        }

        if (grow)
        {
            Grow(device, volume, superblock.LengthInBytes);
        }
    }

    /// <summary>What an older file system left where the new one does not write would make the volume ambiguous.</summary>
    private static void EraseOldSigns(string device)
    {
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        KernelFile.WriteAt(handle, 0, new byte[FileSystemSuperblock.RequiredLength], device);
    }

    private void Grow(string device, VolumeSettings volume, long fileSystemLength)
    {
        long length;
        using (SafeFileHandle handle = KernelFile.Open(device))
        {
            length = KernelFile.LengthOf(handle, device);
        }

        if (length - fileSystemLength < LeastGrowth)
        {
            return;
        }

        (string program, string[] arguments) = volume.FileSystem switch
        {
            "btrfs" => ("/usr/bin/btrfs", new[] { "filesystem", "resize", "max", volume.MountPoint }),
            "ext4" => ("/usr/sbin/resize2fs", [device]),
            _ => ("/usr/sbin/xfs_growfs", [volume.MountPoint]),
        };
        try
        {
            tools.Run($"growing {volume.Name} to {length >> 20} MiB", program, arguments);
        }
        catch (BootException e)
        {
            // All data are there, only not all the room: the next boot tries again.
            log.Write(Priority.Failure, $"volumes: {volume.Name} was not grown: {e.Message}");
        }
    }

    private Workspace OpenWorkplace(string device, string fileSystem)
    {
        tools.Feed();
        string path = RootTools.Outside(Workplace);
        KernelFile.MakePath(path, DirectoryMode);
        if (Look(device).Superblock is { } superblock)
        {
            modules.LoadForAlgorithm(superblock.Checksum);
        }

        Linux.Mount.FileSystem(device, path, fileSystem, MountFlags.NoDevices | MountFlags.NoSetUid);
        return new(path);
    }

    /// <summary>A mounted file system; what was written is on the disk when it is gone.</summary>
    private sealed class Workspace(string path) : IDisposable
    {
        public void Dispose()
        {
            KernelFile.SyncFileSystem(path);
            Linux.Mount.Unmount(path);
        }
    }
}
