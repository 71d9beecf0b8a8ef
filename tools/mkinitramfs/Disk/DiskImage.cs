using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Gpt;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using Slots = InitRuntime.Formats.BootGuard.BootSlots;

namespace InitRuntime.Mkinitramfs.Disk;

/// <summary>What goes on the disk.</summary>
/// <param name="BootLoader">EFI Boot Guard or systemd-boot, signed.</param>
/// <param name="Uki">The UKI, signed.</param>
/// <param name="Root">File system and verity tree.</param>
internal sealed record DiskContent(string BootLoader, string Uki, string Root);

/// <summary>Makes the image of a whole disk: slot A filled, slot B ready for the first update.</summary>
internal static class DiskImage
{
    /// <summary>Where the firmware looks on a disk it knows nothing about. Source: UEFI 2.10, section 3.5.1.1.</summary>
    private const string BootLoaderPath = "EFI/BOOT/BOOTX64.EFI";

    /// <summary>Nobody chooses at the console, and keys come to the firmware on another way.</summary>
    private const string LoaderSettings = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\nsecure-boot-enroll off\n";

    private const string LabelName = "EFILABEL";
    private const int CopyLength = 1 << 20;

    /// <summary>Holes are left for runs of zeros of this length, in bytes.</summary>
    private const int HoleLength = 4096;

    /// <summary>Writes the image, sparse.</summary>
    /// <exception cref="BuildException">Something is larger than its partition: which, and the key that makes it larger.</exception>
    internal static GptTable Write(string image, ImageManifest manifest, DiskContent content, string work, ToolsTree tools, IBuildLog log)
    {
        CheckRootFits(content.Root, manifest.Disk.RootSize);
        GptTable table = DiskLayout.Table(manifest);
        var parts = new List<(string Label, string File)>
        {
            (DiskLayout.Efi, MakeEfi(table, manifest, content, work, tools, log)),
        };
        for (int slot = 0; slot < DiskLayout.BootSlots.Count && !manifest.Boot.HasEntries; slot++)
        {
            parts.Add((DiskLayout.BootSlots[slot], MakeBootSlot(slot, table, manifest, content.Uki, work, tools, log)));
        }

        parts.Add((DiskLayout.RootSlots[0], content.Root));

        using var disk = new FileStream(image, FileMode.Create, FileAccess.Write, FileShare.None);
        disk.SetLength(table.DiskSectors * table.SectorSize);
        foreach (DiskRegion region in table.ToRegions())
        {
            disk.Position = region.Offset;
            disk.Write(region.Bytes);
        }

        foreach ((string label, string file) in parts)
        {
            CopySparse(file, disk, table.FindLabel(label)!.FirstSector * table.SectorSize);
        }

        return table;
    }

    private static void CheckRootFits(string root, long slotSize)
    {
        long length = new FileInfo(root).Length;
        if (length > slotSize)
        {
            throw new BuildException(
                string.Create(CultureInfo.InvariantCulture, $"rootfs.img ({length} bytes) is larger than its slot ({slotSize} bytes)"),
                "raise disk.root-size (devices in the field cannot be updated to a larger one), or leave out packages (rootfs.packages, rootfs.exclude)");
        }
    }

    private static string MakeEfi(GptTable table, ImageManifest manifest, DiskContent content, string work, ToolsTree tools, IBuildLog log)
    {
        string image = Path.Combine(work, "efi.fat");
        List<FatImageFile> files = [new(BootLoaderPath, content.BootLoader)];
        if (manifest.Boot.HasEntries)
        {
            string settings = Path.Combine(work, "loader.conf");
            File.WriteAllText(settings, LoaderSettings);
            files.Add(new("loader/loader.conf", settings));
            files.Add(new($"{BootEntryName.Directory}/{new BootEntryName(1, Slots.All[0])}", content.Uki));
            CheckKernelsFit(content.Uki, manifest.Disk.EfiSize);
        }

        FatImage.Write(image, manifest.Disk.EfiSize, "EFI", FatImage.VolumeId(table.FindLabel(DiskLayout.Efi)!.Id), files, "disk.efi-size", tools, log);
        return image;
    }

    /// <summary>An update is written beside the kernels of both slots.</summary>
    private static void CheckKernelsFit(string uki, long size)
    {
        const int Kernels = 3;
        const long Rest = 4 << 20;
        long needed = (Kernels * new FileInfo(uki).Length) + Rest;
        if (needed > size)
        {
            throw new BuildException(
                string.Create(CultureInfo.InvariantCulture, $"the efi partition ({size} bytes) has no room for {Kernels} kernels: {needed} bytes are needed"),
                "raise disk.efi-size (devices in the field cannot be updated to a larger one), or leave out modules");
        }
    }

    private static string MakeBootSlot(int slot, GptTable table, ImageManifest manifest, string uki, string work, ToolsTree tools, IBuildLog log)
    {
        string label = DiskLayout.BootSlots[slot];
        string image = Path.Combine(work, $"{label}.fat");
        string environment = Path.Combine(work, $"{label}.{BootGuardEnvironment.FileName}");
        File.WriteAllBytes(environment, new BootGuardEnvironment
        {
            KernelFile = $"C:{label}:{BootSlots.KernelName}",
            // The command line is sealed in the UKI; what stands here would be ignored.
            KernelParameters = "",
            InProgress = false,
            UpdateState = UpdateState.Ok,
            WatchdogTimeoutSeconds = (ushort)manifest.Boot.WatchdogSeconds,
            // Slot A is the newer one, so it is booted, and the first update goes to slot B.
            Revision = (uint)(DiskLayout.BootSlots.Count - slot),
        }.ToBytes());
        string labelFile = Path.Combine(work, $"{label}.{LabelName}");
        File.WriteAllBytes(labelFile, Encoding.Unicode.GetBytes(label));

        List<FatImageFile> files = [new(BootGuardEnvironment.FileName, environment), new(LabelName, labelFile)];
        // Slot B gets room for the same UKI, which the check of slot A has proved.
        if (slot == 0)
        {
            files.Add(new(BootSlots.KernelName, uki));
        }

        FatImage.Write(image, manifest.Disk.BootSize, label, FatImage.VolumeId(table.FindLabel(label)!.Id), files, "disk.boot-size", tools, log);
        return image;
    }

    private static void CopySparse(string file, FileStream disk, long offset)
    {
        using FileStream source = File.OpenRead(file);
        byte[] buffer = new byte[CopyLength];
        for (int count = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false); count > 0;
            count = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false))
        {
            for (int at = 0; at < count; at += HoleLength)
            {
                ReadOnlySpan<byte> part = buffer.AsSpan(at, Math.Min(HoleLength, count - at));
                if (part.ContainsAnyExcept((byte)0))
                {
                    disk.Position = offset + at;
                    disk.Write(part);
                }
            }

            offset += count;
        }
    }
}
