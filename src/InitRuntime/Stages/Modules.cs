using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Stages;

/// <summary>Kernel modules that every boot needs.</summary>
internal static class Modules
{
    internal static ModuleLoader LoadAlways(BootConfiguration settings, Kmsg log)
    {
        var loader = new ModuleLoader(settings.Modules, log);
        loader.LoadAlways();
        return loader;
    }
}
