using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.Gpt;
using InitRuntime.Mkinitramfs.Manifest;
using Slots = InitRuntime.Formats.BootGuard.BootSlots;

namespace InitRuntime.Mkinitramfs.Disk;

/// <summary>
/// The partitions of a device's disk: isar-cip-core's, so that its devices and habits carry over. The GUIDs come from the
/// image's name, not from its version: every version of an image finds the same ones, and updates can name them.
/// </summary>
internal static class DiskLayout
{
    /// <summary>What the disk's own GUID is made from, in place of a label.</summary>
    internal const string Disk = "disk";

    internal const string Efi = BootEntryName.PartitionLabel;

    /// <summary>Labels of the slots of the loader's configuration, in slot order.</summary>
    internal static readonly IReadOnlyList<string> BootSlots = [.. Slots.All.Select(slot => slot.Boot)];

    /// <summary>Labels of the root slots, in slot order.</summary>
    internal static readonly IReadOnlyList<string> RootSlots = [.. Slots.All.Select(slot => slot.Root)];

    /// <summary>The table of a disk that is as small as its partitions allow.</summary>
    internal static GptTable Table(ImageManifest manifest)
    {
        Guid Id(string label) => Derive(manifest.Image.Name, label);
        PartitionRequest Request(string label, Guid type, long size, PartitionAttributes attributes) =>
            new(label, type, Id(label), size, attributes);

        DiskSection disk = manifest.Disk;
        List<PartitionRequest> requests =
        [
            Request(Efi, PartitionType.EfiSystem, disk.EfiSize, PartitionAttributes.None),
            .. (manifest.Boot.HasEntries ? [] : BootSlots).Select(label => Request(label, PartitionType.BasicData, disk.BootSize, PartitionAttributes.NoAutomaticMount)),
            .. RootSlots.Select(label => Request(label, PartitionType.RootX64, disk.RootSize, PartitionAttributes.NoAutomaticMount | PartitionAttributes.ReadOnly)),
            .. manifest.Volumes.Select(volume => Request(
                volume.Settings.Name, TypeFor(volume.Settings.MountPoint), volume.Size, PartitionAttributes.NoAutomaticMount | PartitionAttributes.NewVolume)),
        ];
        return GptLayout.Place(Id(Disk), requests);
    }

    private static Guid TypeFor(string mountPoint) => mountPoint switch
    {
        "/var" => PartitionType.Var,
        "/home" => PartitionType.Home,
        _ => PartitionType.LinuxGeneric,
    };

    /// <summary>A UUID of version 8 (RFC 9562) from two names.</summary>
    private static Guid Derive(string image, string label)
    {
        byte[] bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"initruntime partition 1\0{image}\0{label}"))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
