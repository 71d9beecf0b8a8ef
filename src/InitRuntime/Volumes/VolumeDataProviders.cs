using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Volumes;

/// <summary>Which provider shows the data of a volume.</summary>
internal sealed class VolumeDataProviders(
    ImageState state, IReadOnlyList<VolumeSettings> volumes, VolumeFileSystem fileSystem, RootTools tools, DmControl deviceMapper, ModuleLoader modules, Kmsg log)
{
    internal SubvolumeData Subvolumes => new(state, fileSystem, tools, log);

    internal IVolumeData Of(VolumeSettings volume) => volume.Snapshots switch
    {
        SnapshotProvider.Btrfs => Subvolumes,
        SnapshotProvider.DmSnapshot => new SnapshotDeviceData(state, volumes, fileSystem, tools, deviceMapper, modules, log),
        _ => new SharedData(tools),
    };
}
