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

    /// <summary>What is needed only now that the root is there comes from it, and not from the initramfs.</summary>
    internal static void LoadFromRoot(ModuleLoader loader) => loader.LoadFromRoot(RootMount.Path);
}
