using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.DeviceMapper;
using InitRuntime.Storage.Verity;

namespace InitRuntime.Stages;

/// <summary>The root file system, read-only.</summary>
internal static class RootMount
{
    /// <summary>Where it is until it becomes the root.</summary>
    internal const string Path = "/sysroot";

    /// <exception cref="BootException">It is damaged, or has no init.</exception>
    internal static void Mount(DmControl deviceMapper, MappedDevice root, BootConfiguration settings)
    {
        try
        {
            KernelFile.MakeDirectory(Path, 0x1ed /* 0755 */);
            Linux.Mount.FileSystem(root.Path, Path, settings.Root.FileSystem, MountFlags.ReadOnly);
            if (!KernelFile.ExistsBelow(Path, settings.Init))
            {
                throw new BootException($"{settings.Init} is missing in the root", root.Path, "install an init, such as systemd-sysv, in the image");
            }
        }
        catch (SyscallException e)
        {
            string what = VerityRoot.IsCorrupted(deviceMapper) ? "a block differs from its hash" : "not mounted";
            throw new BootException($"{what}: {e.Message}", root.Path, "the kernel's lines above name the block", e);
        }
    }
}
