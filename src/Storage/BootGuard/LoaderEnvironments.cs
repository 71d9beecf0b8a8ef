using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Fat;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.BootGuard;

/// <summary>
/// EFI Boot Guard's environments on the boot disk. Nobody signs them, so they decide nothing here but what the manifest lets them: they
/// tell what the loader does next, and a user variable may ask for a factory reset. They are read and written without the vfat driver.
/// </summary>
public static class LoaderEnvironments
{
    /// <summary>What a disk writes whole or not at all, in bytes; clusters begin at multiples of it.</summary>
    private const int SectorLength = 512;

    /// <summary>Every environment of the boot disk that is valid.</summary>
    public static IReadOnlyList<LoaderEnvironment> Read(SystemDisk disk, Kmsg log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Read(disk, problem => log.Write(Priority.Choice, $"loader-state: {problem}"));
    }

    /// <summary>Every environment of the boot disk that is valid.</summary>
    /// <param name="disk">The boot disk.</param>
    /// <param name="report">Is told of each that is there and cannot be read.</param>
    public static IReadOnlyList<LoaderEnvironment> Read(SystemDisk disk, Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(report);
        if (BootEntries.AreOn(disk))
        {
            return BootEntries.Read(disk, report);
        }

        var environments = new List<LoaderEnvironment>();
        foreach (Partition partition in disk.Table.Partitions)
        {
            if (disk.FindNode(partition) is not { } node)
            {
                continue;
            }

            if (TryRead(node.Path, out BootGuardEnvironment? environment, out ParseError error))
            {
                environments.Add(new(node, partition.Label, environment));
            }
            else if (error.IsError)
            {
                report($"{BootGuardEnvironment.FileName} on {partition.Label} ({node.Path}): {error}");
            }
        }

        return environments;
    }

    /// <summary>
    /// Whether the loader started this image on trial, asked while it boots: it says so in the newest environment before it starts one.
    /// Null where it is not known: without any, or where only a failed image was left to be started.
    /// </summary>
    public static bool? OnTrial(IReadOnlyList<LoaderEnvironment> environments) => Latest(environments)?.Value switch
    {
        null => null,
        { InProgress: true } => false,
        // The loader writes "testing" only if it found both environments; else it starts what is installed without a way back.
        { UpdateState: UpdateState.Testing or UpdateState.Installed } => true,
        { UpdateState: UpdateState.Ok } => false,
        _ => null,
    };

    /// <summary>The environment that the loader goes by: of the highest revision, the first of equals; null of none.</summary>
    public static LoaderEnvironment? Latest(IReadOnlyList<LoaderEnvironment> environments)
    {
        ArgumentNullException.ThrowIfNull(environments);
        var values = new List<BootGuardEnvironment>();
        foreach (LoaderEnvironment environment in environments)
        {
            values.Add(environment.Value);
        }

        int latest = BootGuardEnvironment.IndexOfLatest(values);
        return latest < 0 ? null : environments[latest];
    }

    /// <summary>Where one of both environments cannot be read: what it should say, and its partition. Null with both, with none, and where it cannot be told.</summary>
    /// <param name="disk">The boot disk.</param>
    /// <param name="environments">Those that can be read.</param>
    public static LoaderEnvironment? Missing(SystemDisk disk, IReadOnlyList<LoaderEnvironment> environments)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(environments);
        if (environments.Count != 1)
        {
            return null;
        }

        foreach (BootSlot slot in BootSlots.All)
        {
            if (slot.Boot != environments[0].Label && disk.Table.FindLabel(slot.Boot) is { } partition && disk.FindNode(partition) is { } node)
            {
                return BootSlots.Counterpart(environments[0].Value) is { } value ? new(node, slot.Boot, value) : null;
            }
        }

        return null;
    }

    /// <summary>
    /// Writes a whole environment in the place of a file that is damaged and has its length, without the vfat driver. A power cut leaves it
    /// damaged, as it was.
    /// </summary>
    /// <returns>False if there is no file of that length.</returns>
    /// <exception cref="SyscallException">The disk cannot be written.</exception>
    public static bool TryRewrite(LoaderEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return TryRewrite(environment.Device.Path, environment.Value.ToBytes());
    }

    internal static bool TryRewrite(string path, byte[] wanted)
    {
        using SafeFileHandle device = KernelFile.Open(path, write: true);
        if (!TryFind(device, path, out FatFile? file, out byte[]? content, out _) || content.Length != wanted.Length)
        {
            return false;
        }

        Write(device, path, file, content, wanted);
        return true;
    }

    /// <summary>
    /// Says how far the environment's image is on trial, in one sector: <see cref="BootGuardStateChange"/>. It is on the medium when this returns.
    /// </summary>
    /// <exception cref="BootException">The environment is not what it was when it was read.</exception>
    /// <exception cref="SyscallException">The disk cannot be written.</exception>
    public static void SetState(LoaderEnvironment environment, UpdateState state)
    {
        ArgumentNullException.ThrowIfNull(environment);
        SetState(environment.Device.Path, state);
    }

    internal static void SetState(string path, UpdateState state)
    {
        Change(path, content => BootGuardEnvironment.TryParse(content, out _, out ParseError error)
            ? BootGuardStateChange.Set(content, state)
            : throw new BootException($"{BootGuardEnvironment.FileName} is gone: {error}", path));
    }

    /// <summary>
    /// Takes the meaning of a user variable away, in the file's own place: only sectors that differ are written, each on the medium before
    /// the next. A power cut leaves the environment as it was or as it shall be: <see cref="BootGuardWithdrawal"/>. Without such a variable
    /// nothing is done.
    /// </summary>
    /// <exception cref="BootException">The environment is not what it was when it was read.</exception>
    /// <exception cref="SyscallException">The disk cannot be written.</exception>
    public static void Withdraw(LoaderEnvironment environment, string variable)
    {
        ArgumentNullException.ThrowIfNull(environment);
        Withdraw(environment.Device.Path, variable);
    }

    internal static void Withdraw(string path, string variable)
    {
        Change(path, content => BootGuardWithdrawal.TryWithdraw(content, variable));
    }

    /// <summary>Changes a file in its place, unless the change is null.</summary>
    private static void Change(string path, Func<byte[], byte[]?> change)
    {
        using SafeFileHandle device = KernelFile.Open(path, write: true);
        if (!TryFind(device, path, out FatFile? file, out byte[]? content, out ParseError error))
        {
            throw new BootException($"{BootGuardEnvironment.FileName} is gone{(error.IsError ? $": {error}" : "")}", path);
        }

        if (change(content) is { } changed)
        {
            Write(device, path, file, content, changed);
        }
    }

    /// <summary>False without an error where there is no such file.</summary>
    internal static bool TryRead(string path, [NotNullWhen(true)] out BootGuardEnvironment? environment, out ParseError error)
    {
        environment = null;
        try
        {
            using SafeFileHandle device = KernelFile.Open(path);
            return TryFind(device, path, out _, out byte[]? content, out error) && BootGuardEnvironment.TryParse(content, out environment, out error);
        }
        catch (SyscallException e)
        {
            error = new(e.Message);
            return false;
        }
    }

    /// <summary>Only sectors that differ, each on the medium before the next.</summary>
    private static void Write(SafeFileHandle device, string path, FatFile file, byte[] content, byte[] changed)
    {
        foreach (DiskRegion region in file.Difference(content, changed, SectorLength))
        {
            KernelFile.WriteAt(device, region.Offset, region.Bytes, path);
            KernelFile.Sync(device, path);
        }
    }

    private static bool TryFind(
        SafeFileHandle device, string path, [NotNullWhen(true)] out FatFile? file, [NotNullWhen(true)] out byte[]? content, out ParseError error)
    {
        file = null;
        content = null;
        long length = KernelFile.LengthOf(device, path);
        bool Read(long offset, Span<byte> buffer) => KernelFile.ReadAt(device, offset, buffer, path) == buffer.Length;
        if (!FatVolume.TryOpen(Read, length, out FatVolume? volume, out _))
        {
            error = default;
            return false;
        }

        return volume.TryFindFile(BootGuardEnvironment.FileName, out file, out error)
            && file is not null
            && file.TryRead(Read, BootGuardEnvironment.MaximumSize, out content, out error);
    }
}
