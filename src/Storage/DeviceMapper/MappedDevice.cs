using System;
using System.Collections.Generic;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;

namespace InitRuntime.Storage.DeviceMapper;

/// <summary>A live device-mapper device. That it exists as a value proves that its table is loaded and active.</summary>
/// <param name="Name">Its name: <c>/dev/mapper/NAME</c>.</param>
/// <param name="Uuid">Its device-mapper UUID, by which udev and systemd know what it is.</param>
/// <param name="Major">Device number.</param>
/// <param name="Minor">Device number.</param>
public sealed record MappedDevice(string Name, string Uuid, uint Major, uint Minor)
{
    /// <summary>The kernel's node.</summary>
    public string Path => $"/dev/dm-{Minor}";

    /// <summary>Makes a device with this table, active, and its link in /dev/mapper. Nothing is left behind on failure.</summary>
    /// <exception cref="SyscallException">EINVAL: the kernel refuses the table, its log says why; EBUSY: the name is taken.</exception>
    public static MappedDevice Activate(DmControl control, string name, string uuid, DmTarget target, bool readOnly) =>
        Activate(control, name, uuid, [target], readOnly);

    /// <summary>The same for a device of several parts, which follow each other.</summary>
    /// <exception cref="SyscallException">EINVAL: the kernel refuses the table, its log says why; EBUSY: the name is taken.</exception>
    public static MappedDevice Activate(DmControl control, string name, string uuid, IReadOnlyList<DmTarget> targets, bool readOnly)
    {
        ArgumentNullException.ThrowIfNull(control);
        (uint major, uint minor) = control.Create(name, uuid);
        try
        {
            control.Load(name, targets, readOnly);
            control.Resume(name);
            KernelFile.MakeLink($"/dev/mapper/{name}", $"../dm-{minor}");
        }
        catch
        {
            control.Remove(name);
            throw;
        }

        return new(name, uuid, major, minor);
    }

    /// <summary>Takes the device away again; nobody may use it.</summary>
    /// <exception cref="SyscallException">EBUSY: somebody does.</exception>
    public void Remove(DmControl control)
    {
        ArgumentNullException.ThrowIfNull(control);
        control.Remove(Name);
        KernelFile.Remove($"/dev/mapper/{Name}");
    }

    /// <summary>
    /// Leaves the record that udev of the running system looks for: without it, udev takes the device for one that is still being
    /// set up, and units wait for it in vain. Source: lvm2's 10-dm.rules, systemd's 99-systemd.rules.
    /// </summary>
    /// <param name="hidden">Whether it is but a part of another device: udev then does not look at what it holds, and makes no links
    /// to it but that of its name. (Debian 13's rules keep one of the flags under a name of its own.)</param>
    public void WriteUdevRecord(bool hidden = false)
    {
        ReadOnlySpan<byte> record = hidden
            ? "E:DM_UDEV_PRIMARY_SOURCE_FLAG=1\nE:DM_UDEV_DISABLE_DISK_RULES_FLAG=1\nE:DM_UDEV_DISABLE_OTHER_RULES_FLAG=1\nE:DM_COOKIE_DISABLE_OTHER_RULES_FLAG=1\n"u8
            : "E:DM_UDEV_PRIMARY_SOURCE_FLAG=1\n"u8;
        KernelFile.MakeDirectory("/run/udev", 0x1ed /* 0755 */);
        KernelFile.MakeDirectory("/run/udev/data", 0x1ed /* 0755 */);
        KernelFile.Create($"/run/udev/data/b{Major}:{Minor}", record, 0x1a4 /* 0644 */);
    }
}
