using System.Collections.Generic;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Fat;
using InitRuntime.Formats.Gpt;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>A disk with a GPT: its partitions, and what is known of their contents.</summary>
internal static class DiskInspection
{
    private const int SectorSize = 512;

    /// <summary>Whether it was one, and was written about.</summary>
    internal static bool Try(FileRegion disk, InspectionWriter writer)
    {
        if (!GptReader.TryRead(disk.Read, disk.Length, SectorSize, out GptReading? reading, out _))
        {
            return false;
        }

        writer.Line($"disk of {InspectionWriter.Size(disk.Length)}, GUID {reading.Table.DiskId}");
        foreach ((string copy, ParseError error) in ((string, ParseError)[])[("first", reading.PrimaryError), ("backup", reading.BackupError)])
        {
            if (error.IsError)
            {
                writer.Line($"the {copy} partition table is damaged: {error}");
            }
        }

        foreach (Partition partition in reading.Table.Partitions)
        {
            writer.Line($"{partition.Number} {partition.Label}, {InspectionWriter.Size(partition.Sectors * SectorSize)}, PARTUUID {partition.Id}");
            WritePartition(disk.Part(partition.FirstSector * SectorSize, partition.Sectors * SectorSize), writer.Inner);
        }

        return true;
    }

    /// <summary>Whether it was an environment of EFI Boot Guard, and was written about.</summary>
    internal static bool TryEnvironment(byte[] file, InspectionWriter writer)
    {
        if (!BootGuardEnvironment.TryParse(file, out BootGuardEnvironment? environment, out _))
        {
            return false;
        }

        writer.Line("environment of EFI Boot Guard");
        InspectionWriter inner = writer.Inner;
        inner.Value("revision", $"{environment.Revision}");
        inner.Value("state", environment.UpdateState.ToString());
        inner.Value("in progress", environment.InProgress ? "yes" : "no");
        inner.Value("kernel file", environment.KernelFile);
        inner.Value("parameters", environment.KernelParameters.Length == 0 ? "-" : $"{environment.KernelParameters} (a UKI ignores them)");
        inner.Value("watchdog", $"{environment.WatchdogTimeoutSeconds} s");
        foreach (BootGuardVariable variable in environment.UserVariables)
        {
            inner.Value(variable.Name, variable.Text ?? $"{variable.Data.Length} bytes of type {variable.Type}");
        }

        return true;
    }

    private static void WritePartition(FileRegion partition, InspectionWriter writer)
    {
        if (FatVolume.TryOpen(partition.Read, partition.Length, out FatVolume? volume, out _)
            && volume.TryReadRoot(out IReadOnlyList<FatEntry>? entries, out _))
        {
            writer.Line($"{volume.Kind} volume");
            foreach (FatEntry entry in entries)
            {
                writer.Inner.Line(entry.IsDirectory ? $"{"",10}  {entry.Name}/" : $"{entry.Length,10}  {entry.Name}");
            }

            if (volume.TryFindFile(BootGuardEnvironment.FileName, out FatFile? file, out _) && file is not null
                && file.TryRead(partition.Read, BootGuardEnvironment.MaximumSize, out byte[]? content, out _)
                && !TryEnvironment(content, writer))
            {
                writer.Line($"{BootGuardEnvironment.FileName} is damaged: the loader passes it over");
            }
        }
        else if (!RootInspection.Try(partition, writer))
        {
            byte[] start = partition.Start(1 << 16);
            writer.Line(System.MemoryExtensions.ContainsAnyExcept(start, (byte)0)
                ? $"begins with {System.Convert.ToHexStringLower(start, 0, 16)} ({Encoding.ASCII.GetString(start, 0, 4)})"
                : "empty");
        }
    }
}
