using System;
using System.Collections.Generic;
using System.Diagnostics;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Formats.Gpt;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Stages;
using InitRuntime.Storage.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Luks;

namespace InitRuntime.Volumes;

/// <summary>
/// Opens and mounts the persistent volumes, in the manifest's order. The first boot also makes them; nothing but the LUKS header (for
/// a plain volume: its mark in the partition table) says how far that is.
/// </summary>
internal sealed class VolumeOpener(
    SystemDisk disk, DeviceMonitor devices, DmControl deviceMapper, BootTpm tpm, RootTools tools, VolumeFileSystem fileSystem, VolumeDataProviders providers,
    ConsolePrompt prompt, Kmsg log)
{
    private readonly PartitionEditor _partitions = new(disk);

    private FirstBoot FirstBoot => new(tpm, tools, fileSystem, log);

    private InPlaceEncryption InPlace => new(tpm, tools, fileSystem, deviceMapper, log);

    /// <summary>Opens all of them.</summary>
    /// <exception cref="BootException">One cannot be opened as the manifest says.</exception>
    internal List<VolumeReport> OpenAll(IReadOnlyList<VolumeSettings> volumes, ResetRequest? reset, Deadline deadline)
    {
        if (_partitions.Repair() is { IsError: true } problem)
        {
            log.Write(Priority.Choice, $"volumes: the partition table was written anew: {problem}");
        }

        HashSet<string> erased = new VolumeReset(_partitions, tools.Feed, log).Erase(reset, volumes, volume => Find(volume, deadline).Device);
        var reports = new List<VolumeReport>();
        foreach (VolumeSettings volume in volumes)
        {
            long start = Stopwatch.GetTimestamp();
            (BlockDevice device, bool isNew) = Find(volume, deadline);
            bool isErased = erased.Contains(volume.Name);
            VolumeReport report = volume.Encryption == VolumeEncryption.None
                ? OpenPlain(volume, device.Path, isNew || isErased)
                : OpenEncrypted(volume, device, isNew || isErased);
            reports.Add(report with
            {
                Recreated = isErased ? "factory reset" : report.Recreated,
                Milliseconds = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1),
            });
        }

        return reports;
    }

    private (BlockDevice Device, bool IsNew) Find(VolumeSettings volume, Deadline deadline)
    {
        Partition partition = disk.Table.FindLabel(volume.Name)
            ?? throw new BootException($"the partition table has not exactly one partition {volume.Name}", disk.Device.Path, "was the whole disk image written?");
        BlockDevice device = devices.WaitFor(
            () => disk.FindNode(partition), deadline,
            () => new BootException($"the kernel made no node for {volume.Name} in time", disk.Device.Path));
        return (device, (partition.Attributes & PartitionAttributes.NewVolume) != 0);
    }

    private VolumeReport OpenPlain(VolumeSettings volume, string device, bool isNew)
    {
        Grow(volume);
        if (isNew)
        {
            MakePlain(volume, device);
        }

        SnapshotReport? snapshot = MountOrRecreate(volume, device, volume.Grow, out string? recreated, () =>
        {
            _partitions.MarkNewVolume(volume.Name);
            MakePlain(volume, device);
        });
        return new VolumeReport
        {
            Name = volume.Name,
            MountPoint = volume.MountPoint,
            Device = device,
            FirstBoot = isNew,
            Snapshot = snapshot,
            Recreated = recreated,
        };
    }

    private void MakePlain(VolumeSettings volume, string device)
    {
        log.Write(Priority.Choice, $"volumes: {volume.Name}: first boot: formatting {device}; what it holds counts for nothing");
        fileSystem.Make(device, volume);
        _partitions.MarkFilled(volume.Name);
    }

    /// <summary>Mounts a volume. One that is damaged ends the boot, or is made anew: the mark that says so comes first, so a power cut changes nothing.</summary>
    private SnapshotReport? MountOrRecreate(VolumeSettings volume, string device, bool grow, out string? recreated, Action recreate)
    {
        recreated = null;
        IVolumeData data = providers.Of(volume);
        try
        {
            return fileSystem.Mount(device, volume, data, grow);
        }
        catch (DamagedVolumeException e) when (volume.OnDamage == DamageAction.Recreate)
        {
            log.Write(Priority.Failure, $"volumes: {volume.Name} is made anew, as the manifest says; what it held is gone: {e.Message}");
            recreated = e.Message;
            recreate();
            return fileSystem.Mount(device, volume, data, grow);
        }
        catch (DamagedVolumeException e)
        {
            throw new BootException(e.Message, e.Device, "repair it by hand, or set on-damage = \"recreate\" for a volume that can be lost", e);
        }
    }

    private VolumeReport OpenEncrypted(VolumeSettings volume, BlockDevice device, bool isNew)
    {
        LuksDevice luks = FindOrMake(volume, device, isNew);
        bool firstBoot = luks.IsFirstBootUnfinished;
        bool inPlace = luks.FirstBoot?.State == FirstBootState.Staged;
        if (luks.IsReencryptionUnfinished)
        {
            luks = InPlace.Resume(luks, volume);
        }

        if (!Luks2Volume.TryFind(luks.Header, out Luks2Volume encrypted, out ParseError error))
        {
            throw new BootException($"volume {volume.Name} cannot be opened: {error}", device.Path);
        }

        using var volumeKey = new SecretBuffer(encrypted.KeyLength);
        using VolumeKey key = VolumeKey.Find(tpm, prompt, luks, volume, encrypted, volumeKey);
        MappedDevice mapped = LuksVolume.Activate(deviceMapper, luks, encrypted, volume.Name, volumeKey.Span);
        mapped.WriteUdevRecord();
        tpm.MeasureVolume(volumeKey.Span, volume.Name, luks.Header.Binary.Uuid);
        string path = $"/dev/mapper/{volume.Name}";
        if (luks.IsFirstBootUnfinished)
        {
            luks = FirstBoot.Finish(luks, path, volume, key);
        }

        if (luks.Header.OtherCopyProblem is { IsError: true } problem)
        {
            log.Write(Priority.Choice, $"volumes: {volume.Name}: one copy of its encryption header is written anew: {problem}");
            luks = LuksHeader.Repair(luks);
        }

        SnapshotReport? snapshot = MountOrRecreate(volume, path, volume.Grow || inPlace, out string? recreated, () => luks = FirstBoot.Recreate(luks, path, volume));
        return new VolumeReport
        {
            Name = volume.Name,
            MountPoint = volume.MountPoint,
            Device = device.Path,
            LuksUuid = luks.Header.Binary.Uuid,
            UnlockedBy = key.Source,
            FirstBoot = firstBoot,
            Snapshot = snapshot,
            Recreated = recreated,
        };
    }

    /// <summary>The encryption header of a volume; the first boot makes it. What is not encrypted is never mounted instead.</summary>
    private LuksDevice FindOrMake(VolumeSettings volume, BlockDevice device, bool isNew)
    {
        if (isNew)
        {
            Grow(volume);
            LuksDevice made = FirstBoot.Format(device, volume);
            _partitions.MarkFilled(volume.Name);
            return made;
        }

        LuksDevice? found = LuksDevice.TryRead(device, out ParseError error);
        bool mayEncryptInPlace = volume.Encryption is VolumeEncryption.Reencrypt or VolumeEncryption.FormatIfEmpty;
        if (mayEncryptInPlace && found is null && InPlaceEncryption.IsStaged(device.Path))
        {
            return InPlaceEncryption.Arrive(device);
        }

        if (error.IsError && volume.OnDamage == DamageAction.Recreate)
        {
            log.Write(Priority.Failure, $"volumes: {volume.Name} is made anew, as the manifest says; its encryption header is damaged: {error}");
            _partitions.MarkNewVolume(volume.Name);
            return FindOrMake(volume, device, isNew: true);
        }

        if (error.IsError)
        {
            throw new BootException(
                $"the encryption header of {volume.Name} is damaged: {error}", device.Path,
                "restore a copy of it by cryptsetup luksHeaderRestore; or give the content up: sgdisk --attributes=N:set:56 marks the partition as new");
        }

        if (found is not null)
        {
            if (!found.IsReencryptionUnfinished)
            {
                Grow(volume);
            }

            return found;
        }

        VolumeFileSystem.Content content = VolumeFileSystem.Look(device.Path);
        if (mayEncryptInPlace && content.Superblock is not null)
        {
            Grow(volume);
            return InPlace.Begin(device, volume, content);
        }

        if (volume.Encryption == VolumeEncryption.FormatIfEmpty && content.IsBlank)
        {
            Grow(volume);
            return FirstBoot.Format(device, volume);
        }

        throw new BootException(
            $"volume {volume.Name} is to be encrypted, and holds {content}: it is not mounted", device.Path,
            $"encrypt = \"{VolumeSettingsJson.Name(volume.Encryption)}\" takes only encrypted volumes and partitions that are marked as new: sgdisk --attributes=N:set:56");
    }

    private void Grow(VolumeSettings volume)
    {
        if (volume.Grow && _partitions.TryGrow(volume.Name))
        {
            log.Write(Priority.Choice, $"volumes: {volume.Name}: its partition now reaches to the end of the disk");
        }
    }
}
