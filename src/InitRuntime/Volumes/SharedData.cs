using InitRuntime.Formats.BootConfig;
using InitRuntime.Storage.Snapshots;

namespace InitRuntime.Volumes;

/// <summary>One state of the data for all images.</summary>
internal sealed class SharedData(RootTools tools) : IVolumeData
{
    public MountedData Mount(VolumeMount volume)
    {
        volume.At(volume.Target, volume.Device);
        ImagePaths.Ensure(volume.Settings, volume.Target, tools.Feed);
        return new(null, MayGrow: true);
    }

    public bool MayRepair(VolumeMount? volume) => true;

    public bool TryEndCutWork(VolumeSettings volume, string device) => false;
}
