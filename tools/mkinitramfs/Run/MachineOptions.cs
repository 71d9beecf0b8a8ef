using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>What a virtual machine is made of.</summary>
internal sealed record MachineOptions
{
    /// <summary>The image of the system disk, raw; it is never written to.</summary>
    internal required string Disk { get; init; }

    /// <summary>Directory with PK.crt, KEK.crt and db.crt, which the firmware is to trust.</summary>
    internal required string Keys { get; init; }

    /// <summary>Where the machine keeps what it changes: disk, firmware variables, TPM, logs. Made if missing.</summary>
    internal required string StateDirectory { get; init; }

    /// <summary>Disks beside the system disk.</summary>
    internal IReadOnlyList<ExtraDisk> ExtraDisks { get; init; } = [];

    internal int Processors { get; init; } = 2;

    internal int MemoryInMebibytes { get; init; } = 1024;

    /// <summary>Whether it has a TPM 2.0.</summary>
    internal bool HasTpm { get; init; } = true;

    /// <summary>How the system disk is attached: a QEMU device such as <c>virtio-blk-pci</c> or <c>nvme</c>.</summary>
    internal string DiskDevice { get; init; } = "virtio-blk-pci";

    /// <summary>Whether a reboot of the guest ends the machine.</summary>
    internal bool EndAtReboot { get; init; }

    /// <summary>Whether it waits for <see cref="VirtualMachine.Continue"/> before its first instruction.</summary>
    internal bool StartPaused { get; init; }

    /// <summary>Whether the console is this process's terminal.</summary>
    internal bool Interactive { get; init; }

    /// <summary>More words for QEMU's command line.</summary>
    internal IReadOnlyList<string> ExtraArguments { get; init; } = [];
}

/// <summary>A disk beside the system disk.</summary>
/// <param name="Path">Its image; written to, unless <paramref name="IsReadOnly"/>.</param>
/// <param name="Format"><c>raw</c> or <c>qcow2</c>.</param>
/// <param name="Device">A QEMU device such as <c>virtio-blk-pci</c>.</param>
/// <param name="IsReadOnly">Whether the guest may only read it.</param>
/// <param name="BootFirst">Whether the firmware tries it before the system disk.</param>
internal sealed record ExtraDisk(string Path, string Format = "raw", string Device = "virtio-blk-pci", bool IsReadOnly = false, bool BootFirst = false);
