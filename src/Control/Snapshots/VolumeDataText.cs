using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Control.Output;

namespace InitRuntime.Control.Snapshots;

/// <summary>Whose data the volumes hold, for people.</summary>
internal static class VolumeDataText
{
    internal static void Write(TextPage page, IReadOnlyList<VolumeData> volumes)
    {
        if (volumes.Count == 0)
        {
            page.Heading("This image has no volumes.");
        }

        foreach (VolumeData volume in volumes)
        {
            page.Heading($"volume {volume.Name} on {volume.MountPoint}: {Kind(volume)}");
            switch (volume)
            {
                case SubvolumeVolume subvolumes:
                    Write(page, subvolumes);
                    break;
                case SnapshotDeviceVolume device:
                    Write(page, device);
                    break;
                default:
                    break;
            }
        }
    }

    private static string Kind(VolumeData volume) => volume switch
    {
        SubvolumeVolume => "a subvolume for each image (btrfs)",
        SnapshotDeviceVolume => "a snapshot for the image on trial (dm-snapshot)",
        _ => "the same data for all images (shared)",
    };

    private static void Write(TextPage page, SubvolumeVolume volume)
    {
        foreach (ImageSubvolume image in volume.Images)
        {
            page.Row("image", $"{image.Image}, {Place(image)}");
            page.Row("", string.Create(
                CultureInfo.InvariantCulture,
                $"made {image.Created.UtcDateTime:yyyy-MM-dd HH:mm} UTC, generation {image.Generation}{(image.Pending ? ", clean-up pending" : "")}"));
            page.RowIfAny("", image.Size is { } size ? $"{Printable.Size(size.Total)}, {Printable.Size(size.Exclusive)} of it its own" : null);
        }

        foreach (string path in volume.Shared)
        {
            page.Row("shared", path);
        }

        foreach (string name in volume.Unfinished)
        {
            page.Row("unfinished", name);
        }

        page.RowIfAny("note", volume.Problem);
    }

    private static string Place(ImageSubvolume image) => image.Place switch
    {
        ImagePlace.Running => "this image",
        ImagePlace.OtherSlot => $"in {image.Slot}",
        ImagePlace.Orphan => "in no slot: it goes once this image is confirmed",
        _ => "in no slot that can be read",
    };

    private static void Write(TextPage page, SnapshotDeviceVolume volume)
    {
        page.Row("state", volume.State ?? "no record");
        page.RowIfAny("data of", volume.Owner?.ToString());
        page.RowIfAny("on trial", volume.Trial?.ToString());
        page.RowIfAny("area", volume is { UsedBytes: { } used, TotalBytes: { } total } ? $"{Printable.Size(Math.Min(used, total))} of {Printable.Size(total)} used" : null);
        page.RowIfAny("note", volume.Problem);
    }
}
