using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;

namespace InitRuntime.Formats.Fat;

/// <summary>
/// A FAT file system of untrusted bytes, read only: enough to find a file of its root directory without a driver, so that
/// /init can read BGENV.DAT and write it in place. Source: Microsoft's "FAT: General Overview of On-Disk Format" 1.03.
/// </summary>
public sealed class FatVolume
{
    /// <summary>The most entries that a directory can have.</summary>
    private const int MaximumDirectoryLength = 65536 * FatGeometry.EntrySize;

    private const int WindowLength = 4096;

    /// <summary>An entry of FAT12 can begin with the last byte of the window.</summary>
    private const int WindowOverlap = 1;

    /// <summary>The upper 4 bits of a FAT32 entry mean nothing.</summary>
    private const uint Fat32Mask = 0x0fffffff;

    private readonly ReadAt _partition;
    private readonly FatGeometry _geometry;
    private readonly byte[] _window = new byte[WindowLength + WindowOverlap];
    private long _windowStart = -1;

    private FatVolume(ReadAt partition, FatGeometry geometry)
    {
        _partition = partition;
        _geometry = geometry;
    }

    /// <summary>Width of an entry of its allocation table.</summary>
    public FatKind Kind => _geometry.Kind;

    /// <summary>In bytes.</summary>
    public int ClusterSize => _geometry.ClusterSize;

    /// <summary>Number of its clusters.</summary>
    public long Clusters => _geometry.Clusters;

    /// <summary>Reads the boot sector.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="partitionLength">Its length, in bytes.</param>
    /// <param name="volume">The file system.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryOpen(ReadAt partition, long partitionLength, [NotNullWhen(true)] out FatVolume? volume, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(partition);
        volume = null;
        Span<byte> bootSector = stackalloc byte[FatGeometry.BootSectorSize];
        if (partitionLength < bootSector.Length || !partition(0, bootSector))
        {
            error = new("the boot sector cannot be read");
            return false;
        }

        if (!FatGeometry.TryParse(bootSector, partitionLength, out FatGeometry geometry, out error))
        {
            return false;
        }

        volume = new FatVolume(partition, geometry);
        return true;
    }

    /// <summary>What the root directory holds, without the volume's label.</summary>
    public bool TryReadRoot([NotNullWhen(true)] out IReadOnlyList<FatEntry>? entries, out ParseError error)
    {
        entries = null;
        byte[] directory = new byte[_geometry.RootLength];
        bool read;
        if (_geometry.Kind == FatKind.Fat32)
        {
            read = TryReadChain(_geometry.RootCluster, out directory, out error);
        }
        else
        {
            read = _partition(_geometry.RootOffset, directory);
            error = read ? default : new("the root directory cannot be read");
        }

        entries = read ? FatEntry.ParseAll(directory) : null;
        return read;
    }

    /// <summary>
    /// What a directory holds. It answers true with nothing when there is no such directory, and false when the file system is broken.
    /// </summary>
    /// <param name="path">With <c>/</c> between its parts; upper and lower case are equal.</param>
    /// <param name="entries">Without those for itself and its parent.</param>
    /// <param name="error">What is broken.</param>
    public bool TryReadDirectory(string path, out IReadOnlyList<FatEntry> entries, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(path);
        entries = [];
        if (!TryReadRoot(out IReadOnlyList<FatEntry>? found, out error))
        {
            return false;
        }

        foreach (string part in path.Split('/'))
        {
            FatEntry? next = null;
            foreach (FatEntry entry in found)
            {
                next = entry.IsDirectory && entry.IsNamed(part) ? entry : next;
            }

            if (next is null)
            {
                return true;
            }

            error = _geometry.IsCluster(next.FirstCluster) ? default : new($"{part} begins in cluster {next.FirstCluster} of {_geometry.Clusters}");
            if (error.IsError || !TryReadChain(next.FirstCluster, out byte[] directory, out error))
            {
                return false;
            }

            found = FatEntry.ParseAll(directory);
        }

        entries = found;
        return true;
    }

    /// <summary>
    /// Finds a file of the root directory by its 8.3 name or its long one; upper and lower case are equal. It answers true with
    /// no file when there is none of that name, and false when the file system is broken.
    /// </summary>
    public bool TryFindFile(string name, out FatFile? file, out ParseError error)
    {
        file = null;
        if (!TryReadRoot(out IReadOnlyList<FatEntry>? entries, out error))
        {
            return false;
        }

        foreach (FatEntry entry in entries)
        {
            if (!entry.IsDirectory && entry.IsNamed(name))
            {
                bool located = TryLocate(entry, out List<FatExtent> extents, out error);
                file = located ? new FatFile(entry.Name, entry.Length, extents) : null;
                return located;
            }
        }

        return true;
    }

    /// <summary>Follows the chain of a file as far as its length says; more clusters than that are no harm.</summary>
    private bool TryLocate(FatEntry entry, out List<FatExtent> extents, out ParseError error)
    {
        extents = [];
        error = default;
        uint clusters = (uint)(((long)entry.Length + _geometry.ClusterSize - 1) / _geometry.ClusterSize);
        if (clusters > _geometry.Clusters)
        {
            error = new($"{entry.ShortName}: {entry.Length} bytes, more than the file system");
            return false;
        }

        uint cluster = entry.FirstCluster;
        long left = entry.Length;
        for (uint i = 0; i < clusters; i++)
        {
            if (i > 0 && !TryNext(ref cluster, out error))
            {
                return false;
            }

            if (!_geometry.IsCluster(cluster))
            {
                error = new(
                    $"{entry.ShortName}: cluster {cluster} of {_geometry.Clusters} after {entry.Length - left} of {entry.Length} bytes");
                return false;
            }

            long offset = _geometry.OffsetOf(cluster);
            long length = Math.Min(left, _geometry.ClusterSize);
            left -= length;
            if (extents.Count > 0 && extents[^1].Offset + extents[^1].Length == offset)
            {
                extents[^1] = extents[^1] with { Length = extents[^1].Length + length };
            }
            else
            {
                extents.Add(new FatExtent(offset, length));
            }
        }

        error = HasCycle(extents) ? new($"{entry.ShortName}: its clusters go in a circle") : default;
        return !error.IsError;
    }

    private bool TryReadChain(uint cluster, out byte[] directory, out ParseError error)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[_geometry.ClusterSize];
        directory = [];
        while (true)
        {
            error = bytes.Length + buffer.Length > MaximumDirectoryLength && bytes.Length > 0 ? new("a directory has no end")
                : !_partition(_geometry.OffsetOf(cluster), buffer) ? new($"cluster {cluster} of a directory cannot be read")
                : default;
            if (error.IsError)
            {
                return false;
            }

            bytes.Write(buffer);
            if (!TryNext(ref cluster, out error))
            {
                return false;
            }

            if (IsEnd(cluster))
            {
                directory = bytes.ToArray();
                return true;
            }

            if (!_geometry.IsCluster(cluster))
            {
                error = new($"a directory goes on in cluster {cluster} of {_geometry.Clusters}");
                return false;
            }
        }
    }

    /// <summary>Replaces a cluster's number by what the allocation table says about it: the next one, or a mark.</summary>
    private bool TryNext(ref uint cluster, out ParseError error)
    {
        long position = (long)cluster * (int)_geometry.Kind / 8;
        long start = position / WindowLength * WindowLength;
        if (start != _windowStart)
        {
            int length = (int)Math.Min(_window.Length, _geometry.TableLength - start);
            _windowStart = -1;
            if (!_partition(_geometry.TableOffset + start, _window.AsSpan(0, length)))
            {
                error = new($"the allocation table cannot be read at byte {start}");
                return false;
            }

            _windowStart = start;
        }

        ReadOnlySpan<byte> entry = _window.AsSpan((int)(position - start));
        cluster = _geometry.Kind switch
        {
            FatKind.Fat32 => BinaryPrimitives.ReadUInt32LittleEndian(entry) & Fat32Mask,
            FatKind.Fat16 => BinaryPrimitives.ReadUInt16LittleEndian(entry),
            _ when cluster % 2 == 1 => (uint)BinaryPrimitives.ReadUInt16LittleEndian(entry) >> 4,
            _ => BinaryPrimitives.ReadUInt16LittleEndian(entry) & 0xfffu,
        };
        error = default;
        return true;
    }

    private bool IsEnd(uint cluster) => cluster >= (_geometry.Kind switch
    {
        FatKind.Fat12 => 0xff8u,
        FatKind.Fat16 => 0xfff8u,
        _ => 0x0ffffff8u,
    });

    private static bool HasCycle(List<FatExtent> extents)
    {
        var sorted = new List<FatExtent>(extents);
        sorted.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        for (int i = 1; i < sorted.Count; i++)
        {
            if (sorted[i].Offset < sorted[i - 1].Offset + sorted[i - 1].Length)
            {
                return true;
            }
        }

        return false;
    }
}
