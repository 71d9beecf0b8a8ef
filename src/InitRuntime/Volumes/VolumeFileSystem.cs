using System;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Formats.Snapshots;
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

    /// <summary>Of the xfs that mkfs makes, in bytes.</summary>
    private const int XfsBlock = 4096;

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
    /// <exception cref="DamagedVolumeException">A file system is damaged.</exception>
    internal static Content Look(string device)
    {
        byte[] start = new byte[FileSystemSuperblock.RequiredLength];
        using (SafeFileHandle handle = KernelFile.Open(device))
        {
            KernelFile.ReadAt(handle, 0, start, device);
        }

        return FileSystemSuperblock.TryFind(start, out FileSystemSuperblock? found, out ParseError error) ? new(found, null, false)
            : error.IsError ? throw new DamagedVolumeException($"its file system is damaged: {error}", device)
            : new(null, FileSystemSuperblock.TryNameOther(start), FileSystemSuperblock.IsBlank(start));
    }

    /// <summary>
    /// Makes the file system and fills it with what the image has at its mount point, unless each image gets its own copy of that later.
    /// Nothing of it counts before the caller says so in the LUKS header or the partition table, so it can be begun again at any time.
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
        if (volume.SnapshotBytes > 0)
        {
            long length = SnapshotLayout.MaximumFileSystemLength(LengthOf(device), volume.SnapshotBytes) / LeastGrowth * LeastGrowth;
            options = volume.FileSystem == "ext4" ? [.. options, "-L", label, device, $"{length / 1024}K"] : [.. options, "-d", $"size={length}", "-L", label, device];
        }
        else
        {
            options = [.. options, "-L", label, device];
        }

        tools.Run($"making the {volume.FileSystem} of {volume.Name}", program, options);
        if (volume.SnapshotBytes > 0)
        {
            EraseSnapshotRecord(device, volume);
        }

        if (volume.Snapshots != SnapshotProvider.Btrfs)
        {
            OnWorkplace(device, volume.FileSystem, "", place =>
            {
                Copy($"filling {volume.Name} with the image's {volume.MountPoint}", RootMount.Path + volume.MountPoint, place);
                return true;
            });
        }
    }

    /// <summary>What an older file system's images had on trial is no part of the new one.</summary>
    private static void EraseSnapshotRecord(string device, VolumeSettings volume)
    {
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        if (SnapshotLayout.TryMake(Look(device).Superblock?.LengthInBytes ?? 0, volume.SnapshotBytes, KernelFile.LengthOf(handle, device), out SnapshotLayout layout, out ParseError error))
        {
            KernelFile.WriteAt(handle, layout.RecordOffset, new byte[SnapshotRecord.Size], device);
            return;
        }

        throw new BootException($"volume {volume.Name} has no room for snapshots: {error}", device);
    }

    /// <summary>Copies what a directory holds, with all that belongs to it, into another one of the same root.</summary>
    /// <param name="work">What it is for.</param>
    /// <param name="from">As /init sees it.</param>
    /// <param name="to">As /init sees it.</param>
    internal void Copy(string work, string from, string to) => tools.Run(
        work, "/usr/bin/cp",
        ["--archive", "--one-file-system", "--reflink=auto", from[RootMount.Path.Length..] + "/.", to[RootMount.Path.Length..]]);

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
                OnWorkplace(device, "btrfs", "", _ =>
                {
                    tools.Run(work, "/usr/bin/btrfs", ["filesystem", "resize", size, Workplace]);
                    return true;
                });

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
    /// <exception cref="DamagedVolumeException">Its file system is damaged, and its own tools cannot repair it safely.</exception>
    /// <exception cref="BootException">It holds something else than the manifest says, or the kernel does not take it.</exception>
    internal SnapshotReport? Mount(string device, VolumeSettings volume, IVolumeData data, bool grow)
    {
        bool isChecked = false;
        FileSystemSuperblock superblock = FindOwn(device, volume, data, ref isChecked);
        modules.LoadForAlgorithm(superblock.Checksum);
        var mount = new VolumeMount(volume, device, superblock.LengthInBytes);
        MountedData mounted;
        try
        {
            mounted = data.Mount(mount);
        }
        catch (SyscallException e) when (e.Errno is Errno.EIO or Errno.EUCLEAN or Errno.EBADMSG or Errno.EINVAL && !isChecked && data.MayRepair(mount))
        {
            log.Write(Priority.Failure, $"volumes: {volume.Name} is not mounted: {e.Message}");
            Check(device, volume, e.Message);
            mounted = MountAgain(mount, data);
        }
        catch (SyscallException e)
        {
            throw NotMounted(mount, e);
        }

        if (grow && mounted.MayGrow)
        {
            Grow(device, volume, superblock.LengthInBytes, mounted.BeforeGrowth);
        }

        return mounted.Report;
    }

    private static MountedData MountAgain(VolumeMount mount, IVolumeData data)
    {
        try
        {
            return data.Mount(mount);
        }
        catch (SyscallException e)
        {
            throw NotMounted(mount, e);
        }
    }

    private static BootException NotMounted(VolumeMount mount, SyscallException e) =>
        new($"volume {mount.Settings.Name} is not mounted: {e.Message}", mount.Device, "the kernel's lines above may say why", e);

    /// <summary>The volume's own file system; one that asks for it, or that cannot be read, is checked first.</summary>
    private FileSystemSuperblock FindOwn(string device, VolumeSettings volume, IVolumeData data, ref bool isChecked)
    {
        for (; ; isChecked = true)
        {
            string? damage = null;
            VolumeMount? mount = null;
            try
            {
                Content content = Look(device);
                if (content.Superblock is { } superblock && superblock.Type == volume.FileSystem)
                {
                    mount = new VolumeMount(volume, device, superblock.LengthInBytes);
                    if (!superblock.NeedsCheck || isChecked || !data.MayRepair(mount))
                    {
                        return superblock;
                    }

                    damage = "the file system says that an error was found in it";
                }
                else if (content.Superblock is null && content.Other is null)
                {
                    damage = $"it holds {content}, wanted {volume.FileSystem}";
                }
                else
                {
                    throw new BootException($"volume {volume.Name} holds {content}, wanted {volume.FileSystem}", device, "the manifest's file-system is the one it was made with");
                }
            }
            catch (DamagedVolumeException e)
            {
                if (!isChecked && data.TryEndCutWork(volume, device))
                {
                    continue;
                }

                damage = e.Message;
            }

            if (isChecked || !data.MayRepair(mount))
            {
                throw new DamagedVolumeException($"volume {volume.Name} is damaged: {damage}", device);
            }

            log.Write(Priority.Failure, $"volumes: {volume.Name} is checked: {damage}");
            Check(device, volume, damage);
        }
    }

    /// <summary>Lets the file system's own tools check it, and repair what they can without a loss.</summary>
    /// <exception cref="DamagedVolumeException">They cannot.</exception>
    private void Check(string device, VolumeSettings volume, string damage)
    {
        string work = $"checking {volume.Name}";
        try
        {
            switch (volume.FileSystem)
            {
                case "ext4":
                    tools.Run(work, "/usr/sbin/e2fsck", ["-p", device], highestExitCode: 2);
                    break;
                case "btrfs":
                    // 2: a damaged copy of the superblock was written anew.
                    tools.Run(work, "/usr/bin/btrfs", ["rescue", "super-recover", "-y", device], highestExitCode: 2);
                    tools.Run(work, "/usr/bin/btrfs", ["check", "--readonly", device]);
                    break;
                default:
                    tools.Run(work, "/usr/sbin/xfs_repair", [device]);
                    break;
            }
        }
        catch (BootException e)
        {
            throw new DamagedVolumeException($"volume {volume.Name} is damaged: {damage}; {e.Message}", device, e);
        }
    }

    /// <summary>What an older file system left where the new one does not write would make the volume ambiguous.</summary>
    private static void EraseOldSigns(string device)
    {
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        KernelFile.WriteAt(handle, 0, new byte[FileSystemSuperblock.RequiredLength], device);
    }

    private void Grow(string device, VolumeSettings volume, long fileSystemLength, Action<long>? before)
    {
        long length = volume.SnapshotBytes > 0 ? SnapshotLayout.MaximumFileSystemLength(LengthOf(device), volume.SnapshotBytes) : LengthOf(device);
        if (length - fileSystemLength < LeastGrowth)
        {
            return;
        }

        length = length / LeastGrowth * LeastGrowth;
        (string program, string[] arguments) = volume.FileSystem switch
        {
            "btrfs" => ("/usr/bin/btrfs", new[] { "filesystem", "resize", "max", volume.MountPoint }),
            "ext4" => ("/usr/sbin/resize2fs", volume.SnapshotBytes > 0 ? [device, $"{length / 1024}K"] : [device]),
            _ when volume.SnapshotBytes > 0 => ("/usr/sbin/xfs_growfs", ["-D", $"{length / XfsBlock}", volume.MountPoint]),
            _ => ("/usr/sbin/xfs_growfs", [volume.MountPoint]),
        };
        try
        {
            before?.Invoke(length);
            tools.Run($"growing {volume.Name} to {length >> 20} MiB", program, arguments);
        }
        catch (BootException e)
        {
            // All data are there, only not all the room: the next boot tries again.
            log.Write(Priority.Failure, $"volumes: {volume.Name} was not grown: {e.Message}");
        }
    }

    /// <summary>Does work on a file system that only /init and the root's programs see; what was written is on the disk afterwards.</summary>
    /// <param name="device">Its device.</param>
    /// <param name="fileSystem">Its type.</param>
    /// <param name="options">For the file system.</param>
    /// <param name="work">Gets the path of its mount, as /init sees it.</param>
    internal T OnWorkplace<T>(string device, string fileSystem, string options, Func<string, T> work)
    {
        tools.Feed();
        string path = RootTools.Outside(Workplace);
        KernelFile.MakePath(path, DirectoryMode);
        if (Look(device).Superblock is { } superblock)
        {
            modules.LoadForAlgorithm(superblock.Checksum);
        }

        Linux.Mount.FileSystem(device, path, fileSystem, MountFlags.NoDevices | MountFlags.NoSetUid, options);
        try
        {
            T made = work(path);
            KernelFile.SyncFileSystem(path);
            return made;
        }
        finally
        {
            Linux.Mount.Unmount(path);
        }
    }

    private static long LengthOf(string device)
    {
        using SafeFileHandle handle = KernelFile.Open(device);
        return KernelFile.LengthOf(handle, device);
    }
}
