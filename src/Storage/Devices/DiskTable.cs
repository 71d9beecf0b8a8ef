using System.Diagnostics.CodeAnalysis;
using InitRuntime.Formats;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Devices;

/// <summary>Reads the partition table of a disk.</summary>
internal static class DiskTable
{
    /// <summary>The table and how good its copies are, or why there is none; a disk that cannot be read has none.</summary>
    internal static bool TryRead(BlockDevice disk, [NotNullWhen(true)] out GptReading? reading, out ParseError error)
    {
        reading = null;
        try
        {
            using SafeFileHandle device = KernelFile.Open(disk.Path);
            long length = KernelFile.LengthOf(device, disk.Path);
            int sectorSize = BlockDeviceSector.SizeOf(device, disk.Path);
            return GptReader.TryRead((offset, buffer) => KernelFile.ReadAt(device, offset, buffer, disk.Path) == buffer.Length, length, sectorSize, out reading, out error);
        }
        catch (SyscallException e)
        {
            error = new(e.Message);
            return false;
        }
    }
}
