using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Luks;

namespace InitRuntime.Volumes;

/// <summary>
/// The first half of a factory reset: volumes are erased and marked as new, all of them before any is opened, so that one that cannot be
/// made again does not save the others. The first boot of a volume is the second half. The request is still there meanwhile: after a
/// power cut all is done once more.
/// </summary>
internal sealed class VolumeReset(PartitionEditor partitions, Action feed, Kmsg log)
{
    /// <summary>Erases and marks what a request takes.</summary>
    /// <param name="request">The request; null for none.</param>
    /// <param name="volumes">All volumes of the image.</param>
    /// <param name="deviceOf">Gives a volume's partition.</param>
    /// <returns>The names of the volumes that are new now; the table that <see cref="SystemDisk"/> keeps does not say so.</returns>
    /// <exception cref="BootException">One of them could not be erased or marked. All others were.</exception>
    internal HashSet<string> Erase(ResetRequest? request, IReadOnlyList<VolumeSettings> volumes, Func<VolumeSettings, BlockDevice> deviceOf)
    {
        var erased = new HashSet<string>();
        BootException? failure = null;
        foreach (VolumeSettings volume in volumes)
        {
            if (request is null || !request.Takes(volume))
            {
                continue;
            }

            try
            {
                Erase(volume, deviceOf(volume));
                erased.Add(volume.Name);
            }
            catch (Exception e) when (e is SyscallException or BootException)
            {
                log.Write(Priority.Failure, $"volumes: {volume.Name} is not erased: {e.Message}");
                failure ??= new BootException(
                    $"the factory reset of {volume.Name} failed: {e.Message}", (e as BootException)?.Device, "the request stays until a boot fulfils it", e);
            }
        }

        return failure is null ? erased : throw failure;
    }

    private void Erase(VolumeSettings volume, BlockDevice device)
    {
        string content = Name(device);
        log.Write(Priority.Choice, $"volumes: {volume.Name}: factory reset: erasing {content} on {device.Path}");
        bool discarded = CryptoErase.Erase(device, feed);
        partitions.MarkNewVolume(volume.Name);
        string data = discarded ? "the device was told to discard all of its data" : "the device cannot discard data";
        log.Write(Priority.Choice, $"volumes: {volume.Name}: erased, and marked as new; {data}");
    }

    /// <summary>What is there, for the log; whatever it is, it goes.</summary>
    private static string Name(BlockDevice device)
    {
        try
        {
            return LuksDevice.TryRead(device, out ParseError error) is { } luks ? $"encrypted volume {luks.Header.Binary.Uuid}"
                : error.IsError ? "a damaged encryption header"
                : VolumeFileSystem.Look(device.Path).ToString();
        }
        catch (BootException e)
        {
            return $"something damaged ({e.Message})";
        }
    }
}
