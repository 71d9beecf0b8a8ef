using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Volumes;

/// <summary>Which provider shows the data of a volume.</summary>
internal sealed class VolumeDataProviders(
    ImageState state, BootConfiguration settings, VolumeFileSystem fileSystem, RootTools tools, DmControl deviceMapper, ModuleLoader modules, Kmsg log)
{
    internal IVolumeData Of(VolumeSettings volume) => volume.Snapshots switch
    {
        SnapshotProvider.Btrfs => new SubvolumeData(state, settings.Overlays, fileSystem, tools, log),
        SnapshotProvider.DmSnapshot => new SnapshotDeviceData(state, settings.Volumes, fileSystem, tools, deviceMapper, modules, log),
        _ => new SharedData(tools),
    };
}
