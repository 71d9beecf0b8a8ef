using System;
using System.Globalization;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Control.Trial;

/// <summary>A partition of the loader, mounted where nobody else sees it.</summary>
internal sealed class LoaderMount : IDisposable
{
    private const int DirectoryMode = 0x1c0; // 0700

    private LoaderMount(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    internal string Path { get; }

    /// <exception cref="SyscallException">It cannot be mounted.</exception>
    internal static LoaderMount Open(BlockDevice device)
    {
        MountNamespace.Leave();
        string place = string.Create(CultureInfo.InvariantCulture, $"/run/initruntime/loader-{Environment.ProcessId}");
        KernelFile.MakePath(place, DirectoryMode);
        try
        {
            // Each change of a directory is on the medium before the next one: of a rename, the new name before the old one is gone.
            Mount.FileSystem(
                device.Path, place, "vfat", MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.DirectorySynchronous);
        }
        catch (SyscallException)
        {
            KernelFile.RemoveDirectory(place);
            throw;
        }

        return new(place);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Mount.Unmount(Path);
        KernelFile.RemoveDirectory(Path);
    }
}
