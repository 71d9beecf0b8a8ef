using System;

namespace InitRuntime.Formats.Efi;

/// <summary>Whose an EFI variable is.</summary>
public static class EfiVendor
{
    /// <summary>Ours: the record of a failed boot, and the request of a factory reset with a scope.</summary>
    public static readonly Guid InitRuntime = new("5a6b1d3e-7c0f-4a52-9d4e-2f1c8e7b6a90");

    /// <summary>What a boot loader tells. Source: systemd's BOOT_LOADER_INTERFACE.</summary>
    public static readonly Guid Loader = new("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f");

    /// <summary>systemd's. Source: systemd-factory-reset(8); EFI_VENDOR_SYSTEMD of src/basic/efivars.h.</summary>
    public static readonly Guid Systemd = new("8cf2644b-4b0b-428f-9387-6d876050dc67");
}
