using System.Collections.Generic;
using System.Globalization;
using System.IO;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Devices;

/// <summary>A disk or a partition as sysfs shows it.</summary>
/// <param name="Name">The kernel's name: <c>nvme0n1p3</c>.</param>
/// <param name="SysfsPath">Where it is in the tree of hardware, below <c>/sys/devices</c>.</param>
/// <param name="PartitionNumber">From 1; 0 for a whole disk.</param>
public sealed record BlockDevice(string Name, string SysfsPath, int PartitionNumber)
{
    private const string ClassDirectory = "/sys/class/block";

    /// <summary>Its node, made by the kernel.</summary>
    public string Path => $"/dev/{Name}";

    /// <summary>The node of a partition of this disk, or null while the kernel has not made it. Source: bdev naming in block/partitions/core.c.</summary>
    public BlockDevice? FindPartition(int number)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{Name}{(char.IsAsciiDigit(Name[^1]) ? "p" : "")}{number}");
        string sysfs = $"{SysfsPath}/{name}";
        return KernelFile.Exists($"{sysfs}/partition") && KernelFile.Exists($"/dev/{name}") ? new(name, sysfs, number) : null;
    }

    /// <summary>All disks and partitions that rest on hardware: no device-mapper, loop, RAM or optical devices, nothing without a medium.</summary>
    public static IReadOnlyList<BlockDevice> All()
    {
        var devices = new List<BlockDevice>();
        foreach (string name in KernelFile.Names(ClassDirectory))
        {
            string? target = new FileInfo($"{ClassDirectory}/{name}").LinkTarget;
            if (target is null || target.Contains("/virtual/block/") || name.StartsWith("sr") || name.StartsWith("fd"))
            {
                continue;
            }

            if (KernelFile.TryReadText($"{ClassDirectory}/{name}/size") is null or "0")
            {
                continue;
            }

            string? number = KernelFile.TryReadText($"{ClassDirectory}/{name}/partition");
            devices.Add(new(name, System.IO.Path.GetFullPath(System.IO.Path.Combine(ClassDirectory, target)), int.TryParse(number, out int n) ? n : 0));
        }

        devices.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return devices;
    }
}
