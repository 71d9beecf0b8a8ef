using System;
using System.Globalization;
using InitRuntime.Linux;

namespace InitRuntime.Control.Snapshots;

/// <summary>A file system that is mounted a second time, read-only, where only this program sees it.</summary>
internal sealed class PrivateMount : IDisposable
{
    private const string Directory = "/run/initruntime";
    private const int PrivateMode = 0x1c0; // 0700

    private PrivateMount(string path) => Path = path;

    /// <summary>Where it is.</summary>
    internal string Path { get; }

    /// <summary>Mounts it.</summary>
    /// <exception cref="SyscallException">EPERM: only root may; or as mount(2).</exception>
    internal static PrivateMount Make(string device, string type, string options)
    {
        MountNamespace.Leave();
        // Two at once have places of their own: the name space hides mounts, not directories.
        string path = string.Create(CultureInfo.InvariantCulture, $"{Directory}/view-{Environment.ProcessId}");
        KernelFile.MakePath(path, PrivateMode);
        const MountFlags Restricted = MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.NoAccessTime;
        try
        {
            // A file system that is in use cannot be mounted read-only as a whole; this one mount of it can.
            Mount.FileSystem(device, path, type, Restricted, options);
            Mount.Remount(path, Restricted | MountFlags.Bind | MountFlags.ReadOnly);
            return new(path);
        }
        catch
        {
            TryEnd(path);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => TryEnd(Path);

    private static void TryEnd(string path)
    {
        try
        {
            if (MountTable.Find(MountTable.Read(), path) is not null)
            {
                Mount.Detach(path);
            }

            KernelFile.RemoveDirectory(path);
        }
        catch (SyscallException)
        {
            // The mount goes with this program, and an empty directory with the next boot.
        }
    }
}
