using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Fat;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.BootGuard;

/// <summary>
/// EFI Boot Guard's environments on the boot disk. Nobody signs them, so they decide nothing here: they only tell what the loader
/// does next. They are read without the vfat driver.
/// </summary>
public static class LoaderEnvironments
{
    private const string FileName = "BGENV.DAT";

    /// <summary>Every environment of the boot disk that is valid.</summary>
    public static IReadOnlyList<BootGuardEnvironment> Read(SystemDisk disk, Kmsg log)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(log);
        var environments = new List<BootGuardEnvironment>();
        foreach (Partition partition in disk.Table.Partitions)
        {
            if (disk.FindNode(partition) is not { } node)
            {
                continue;
            }

            if (TryRead(node, out BootGuardEnvironment? environment, out ParseError error))
            {
                environments.Add(environment!);
            }
            else if (error.IsError)
            {
                log.Write(Priority.Choice, $"loader-state: {FileName} on {partition.Label} ({node.Path}): {error}");
            }
        }

        return environments;
    }

    /// <summary>Whether the loader started this image on trial: it says so in the newest environment before it starts one. Null without any.</summary>
    public static bool? OnTrial(IReadOnlyList<BootGuardEnvironment> environments)
    {
        int latest = BootGuardEnvironment.IndexOfLatest(environments);
        return latest < 0 ? null : environments[latest] is { InProgress: false, UpdateState: UpdateState.Testing };
    }

    /// <summary>False without an error where there is no such file.</summary>
    private static bool TryRead(BlockDevice node, out BootGuardEnvironment? environment, out ParseError error)
    {
        environment = null;
        try
        {
            using SafeFileHandle device = KernelFile.Open(node.Path);
            long length = KernelFile.LengthOf(device, node.Path);
            bool Read(long offset, Span<byte> buffer) => KernelFile.ReadAt(device, offset, buffer, node.Path) == buffer.Length;
            if (!FatVolume.TryOpen(Read, length, out FatVolume? volume, out _))
            {
                error = default;
                return false;
            }

            return volume.TryFindFile(FileName, out FatFile? file, out error)
                && file is not null
                && file.TryRead(Read, BootGuardEnvironment.MaximumSize, out byte[]? content, out error)
                && BootGuardEnvironment.TryParse(content, out environment, out error);
        }
        catch (SyscallException e)
        {
            error = new(e.Message);
            return false;
        }
    }
}
