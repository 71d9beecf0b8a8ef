using System;
using System.Globalization;
using InitRuntime.Linux;

namespace InitRuntime.Stages;

/// <summary>The kernel's own file systems, with the options that systemd gives them. Source: systemd's INITRD_INTERFACE, mount-setup.c.</summary>
internal static class EarlyMounts
{
    /// <summary>Mounts them and opens the log; gives the time since the kernel's start.</summary>
    internal static TimeSpan Make(BootJournal journal)
    {
        const MountFlags Plain = MountFlags.NoSetUid | MountFlags.NoExecute | MountFlags.NoDevices;
        Mount.FileSystem("devtmpfs", "/dev", "devtmpfs", MountFlags.NoSetUid | MountFlags.StrictAccessTime, "mode=0755");
        Mount.FileSystem("proc", "/proc", "proc", Plain);
        journal.OpenLog();
        Mount.FileSystem("sysfs", "/sys", "sysfs", Plain);
        Mount.FileSystem("tmpfs", "/run", "tmpfs", MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.StrictAccessTime, "mode=0755");
        KernelFile.MakeDirectory("/run/initruntime", 0x1ed /* 0755 */);
        return SinceKernelStart();
    }

    private static TimeSpan SinceKernelStart()
    {
        string uptime = KernelFile.TryReadText("/proc/uptime") ?? "0";
        return TimeSpan.FromSeconds(double.TryParse(uptime.Split(' ')[0], CultureInfo.InvariantCulture, out double seconds) ? seconds : 0);
    }
}
