using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.Gpt;

/// <summary>A partition that wants a place.</summary>
/// <param name="Label">At most 36 UTF-16 units.</param>
/// <param name="Type">See <see cref="PartitionType"/>.</param>
/// <param name="Id">Its own GUID.</param>
/// <param name="Length">In bytes; rounded up to whole sectors.</param>
/// <param name="Attributes">Its bits.</param>
public sealed record PartitionRequest(
    string Label, Guid Type, Guid Id, long Length, PartitionAttributes Attributes = PartitionAttributes.None);

/// <summary>Places partitions one behind the other, each at a multiple of 1 MiB.</summary>
public static class GptLayout
{
    /// <summary>In bytes: what fdisk, parted and flash memory agree on.</summary>
    public const int Alignment = 1 << 20;

    /// <summary>Makes a table, with partitions numbered from 1 on in the order given.</summary>
    /// <param name="diskId">GUID of the disk.</param>
    /// <param name="requests">The partitions.</param>
    /// <param name="sectorSize">512 or 4096 bytes.</param>
    /// <param name="diskLength">Length of the disk in bytes; without it the disk is as small as can be, in whole MiB.</param>
    /// <exception cref="ArgumentException">They do not fit, or cannot stand in a table.</exception>
    public static GptTable Place(Guid diskId, IReadOnlyList<PartitionRequest> requests, int sectorSize = 512, long? diskLength = null)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var partitions = new List<Partition>();
        long next = Alignment;
        foreach (PartitionRequest request in requests)
        {
            if (request.Length is < 1 or > long.MaxValue / 1024)
            {
                throw new ArgumentException($"partition \"{request.Label}\": {request.Length} bytes", nameof(requests));
            }

            long end = next + RoundUp(request.Length, sectorSize);
            partitions.Add(new Partition
            {
                Number = partitions.Count + 1,
                Label = request.Label,
                Type = request.Type,
                Id = request.Id,
                FirstSector = next / sectorSize,
                LastSector = (end / sectorSize) - 1,
                Attributes = request.Attributes,
            });
            next = RoundUp(end, Alignment);
        }

        var table = new GptTable
        {
            SectorSize = sectorSize,
            // The backup copy needs less than the last MiB.
            DiskSectors = (diskLength ?? next + Alignment) / sectorSize,
            DiskId = diskId,
            Partitions = partitions,
            FirstUsable = GptTable.DefaultFirstUsable(sectorSize),
        };
        return table.Check() is { IsError: true } error ? throw new ArgumentException(error.Message, nameof(requests)) : table;
    }

    private static long RoundUp(long value, long to) => (value + to - 1) / to * to;
}
