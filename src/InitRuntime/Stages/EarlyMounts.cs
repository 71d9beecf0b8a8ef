using System;
using System.Globalization;
using InitRuntime.Linux;

namespace InitRuntime.Stages;

/// <summary>The kernel's own file systems, with the options that systemd gives them. Source: systemd's INITRD_INTERFACE, mount-setup.c.</summary>
internal static class EarlyMounts
{
    private const int DirectoryMode = 0x1ed /* 0755 */;

    /// <summary>
    /// Mounts them, each on a directory that is made if the initramfs lacks it, and opens the log; gives the time since the kernel's
    /// start.
    /// </summary>
    internal static TimeSpan Make(BootJournal journal)
    {
        const MountFlags Plain = MountFlags.NoSetUid | MountFlags.NoExecute | MountFlags.NoDevices;
        MakeAndMount("devtmpfs", "/dev", MountFlags.NoSetUid | MountFlags.StrictAccessTime, "mode=0755");
        // From here on a failure can be told.
        journal.OpenLog();
        MakeAndMount("proc", "/proc", Plain);
        Kmsg.LiftRateLimit();
        MakeAndMount("sysfs", "/sys", Plain);
        MakeAndMount("tmpfs", "/run", MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.StrictAccessTime, "mode=0755");
        KernelFile.MakeDirectory("/run/initruntime", DirectoryMode);
        return SinceKernelStart();
    }

    private static void MakeAndMount(string type, string directory, MountFlags flags, string options = "")
    {
        KernelFile.MakeDirectory(directory, DirectoryMode);
        Mount.FileSystem(type, directory, type, flags, options);
    }

    private static TimeSpan SinceKernelStart()
    {
        string uptime = KernelFile.TryReadText("/proc/uptime") ?? "0";
        // Seconds with two decimals: hundredths without the point, and without the tables that a double is read by.
        string hundredths = uptime.Split(' ')[0].Replace(".", "", StringComparison.Ordinal);
        return TimeSpan.FromMilliseconds(long.TryParse(hundredths, CultureInfo.InvariantCulture, out long time) ? time * 10 : 0);
    }
}
