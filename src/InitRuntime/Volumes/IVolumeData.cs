using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Stages;

namespace InitRuntime.Volumes;

/// <summary>Shows at the mount point of a volume those of its data that belong to this image. One for each <see cref="SnapshotProvider"/>.</summary>
internal interface IVolumeData
{
    /// <summary>Makes them ready if this image has none yet, and mounts them.</summary>
    /// <exception cref="SyscallException">The kernel does not mount the file system.</exception>
    /// <exception cref="BootException">There is no room, or what is there cannot be used.</exception>
    MountedData Mount(VolumeMount volume);

    /// <summary>Whether the file system's own tools may write to the device: not while another image's data depend on it as it is.</summary>
    /// <param name="volume">The volume; null while its superblock cannot be read.</param>
    bool MayRepair(VolumeMount? volume);

    /// <summary>Ends work of an earlier boot that was cut while it wrote the superblock, which therefore cannot be read; false if there is
    /// none.</summary>
    /// <exception cref="BootException">There is, and it cannot be ended.</exception>
    bool TryEndCutWork(VolumeSettings volume, string device);
}

/// <summary>A volume that is to be mounted.</summary>
/// <param name="Settings">Its settings.</param>
/// <param name="Device">The device with the file system.</param>
/// <param name="FileSystemLength">How much of the device the file system takes, in bytes.</param>
internal sealed record VolumeMount(VolumeSettings Settings, string Device, long FileSystemLength)
{
    /// <summary>Where it is mounted, as /init sees it.</summary>
    internal string Target => RootMount.Path + Settings.MountPoint;

    /// <summary>Mounts a device of it, with the manifest's options and some more.</summary>
    internal void At(string target, string device, string more = "")
    {
        (MountFlags flags, string data) = Mount.ParseOptions(Settings.MountOptions);
        Mount.FileSystem(device, target, Settings.FileSystem, flags, data.Length > 0 && more.Length > 0 ? $"{data},{more}" : data + more);
    }
}

/// <summary>What became of a volume's data.</summary>
/// <param name="Report">What was done; null where there is nothing to tell.</param>
/// <param name="MayGrow">Whether the file system may be grown now.</param>
/// <param name="BeforeGrowth">What has to be done before, with the new length in bytes; null for nothing.</param>
internal sealed record MountedData(SnapshotReport? Report, bool MayGrow, Action<long>? BeforeGrowth = null);
