using System;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;

namespace InitRuntime.Control.Trial;

/// <summary>Writes an environment anew that is lost: a power cut while the loader's own library wrote it leaves a short file, or none.</summary>
internal static class EnvironmentRepair
{
    private const int FileMode = 0x1a4; // 0644

    /// <exception cref="ControlException">The partition cannot be mounted or written.</exception>
    internal static void Make(LoaderEnvironment missing, Action<string> say)
    {
        if (!LoaderEnvironments.TryRewrite(missing))
        {
            try
            {
                Replace(missing);
            }
            catch (SyscallException e)
            {
                throw new ControlException($"the environment on {missing.Label} ({missing.Device.Path}) is lost and cannot be made anew: {e.Message}", inner: e);
            }
        }

        say($"the environment on {missing.Label} was damaged; it is whole again and starts {missing.Value.KernelFile}");
    }

    /// <summary>Written beside the old file first, so that the directory never has less than before.</summary>
    private static void Replace(LoaderEnvironment missing)
    {
        using LoaderMount mount = LoaderMount.Open(missing.Device);
        KernelFile.Create($"{mount.Path}/{BootGuardEnvironment.FileName}.new", missing.Value.ToBytes(), FileMode);
        KernelFile.SyncFileSystem(mount.Path);
        KernelFile.Rename($"{mount.Path}/{BootGuardEnvironment.FileName}.new", $"{mount.Path}/{BootGuardEnvironment.FileName}");
        KernelFile.SyncFileSystem(mount.Path);
    }
}
