using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using InitRuntime.Crypto;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Formats.Verity;

/// <summary>One level of a verity tree: the digests of the level below it, or of the data.</summary>
/// <param name="Offset">Where it begins in the partition or file, in bytes.</param>
/// <param name="Blocks">How many hash blocks it has.</param>
public readonly record struct VerityLevel(long Offset, long Blocks);

/// <summary>
/// Where each part of a verity tree lies, from its few parameters. Source: Documentation/admin-guide/device-mapper/verity.rst
/// and <c>verity_ctr</c> of drivers/md/dm-verity-target.c.
/// </summary>
public sealed class VerityGeometry
{
    /// <summary>The most data blocks that are accepted: beyond any disk, and far from an overflow of bytes.</summary>
    public const long MaximumDataBlocks = 1L << 40;

    /// <summary>The highest hash offset that is accepted, in bytes.</summary>
    public const long MaximumHashOffset = 1L << 56;

    private const int SmallestBlock = 512;
    private const int LargestBlock = 65536;

    private VerityGeometry(DigestAlgorithm algorithm, int dataBlockSize, int hashBlockSize, long dataBlocks, long hashOffset)
    {
        Algorithm = algorithm;
        DataBlockSize = dataBlockSize;
        HashBlockSize = hashBlockSize;
        DataBlocks = dataBlocks;
        HashOffset = hashOffset;
        DigestSlotLength = (int)BitOperations.RoundUpToPowerOf2((uint)algorithm.LengthInBytes());
        HashStartBlock = CeilingDivide(hashOffset + VeritySuperblock.Size, hashBlockSize);
        Levels = LevelsOf(dataBlocks, hashBlockSize / DigestSlotLength, HashStartBlock, hashBlockSize);
        long hashBlocks = 0;
        foreach (VerityLevel level in Levels)
        {
            hashBlocks += level.Blocks;
        }

        HashBlocks = hashBlocks;
    }

    /// <summary>The digest of each block.</summary>
    public DigestAlgorithm Algorithm { get; }

    /// <summary>In bytes.</summary>
    public int DataBlockSize { get; }

    /// <summary>In bytes.</summary>
    public int HashBlockSize { get; }

    /// <summary>Number of data blocks.</summary>
    public long DataBlocks { get; }

    /// <summary>Where the superblock begins, in bytes.</summary>
    public long HashOffset { get; }

    /// <summary>Length of the data, in bytes.</summary>
    public long DataLength => DataBlocks * DataBlockSize;

    /// <summary>Bytes that one digest takes in a hash block: its length, rounded up to a power of two.</summary>
    public int DigestSlotLength { get; }

    /// <summary>Where the tree begins, in hash blocks: the table's hash_start_block.</summary>
    public long HashStartBlock { get; }

    /// <summary>Number of hash blocks of all levels.</summary>
    public long HashBlocks { get; }

    /// <summary>
    /// The levels, lowest (digests of the data) first. They lie on the disk the other way round. Empty for one data block.
    /// </summary>
    public IReadOnlyList<VerityLevel> Levels { get; }

    /// <summary>Where all of it ends, in bytes: the least length of a partition that holds it.</summary>
    public long TotalLength => (HashStartBlock + HashBlocks) * HashBlockSize;

    /// <summary>
    /// Where the block begins whose digest is the root hash, in bytes: the top hash block, or for an image of one single data
    /// block that block itself.
    /// </summary>
    public long TopBlockOffset => Levels.Count == 0 ? 0 : Levels[^1].Offset;

    /// <summary>Length of the block whose digest is the root hash, in bytes.</summary>
    public int TopBlockLength => Levels.Count == 0 ? DataBlockSize : HashBlockSize;

    /// <summary>Whether a block size is one that dm-verity can have, in bytes.</summary>
    public static bool IsBlockSize(long size) => size is >= SmallestBlock and <= LargestBlock && BitOperations.IsPow2(size);

    /// <summary>Computes the places; data and tree lie in the same partition, the superblock at <paramref name="hashOffset"/>.</summary>
    public static bool TryCreate(
        DigestAlgorithm algorithm,
        int dataBlockSize,
        int hashBlockSize,
        long dataBlocks,
        long hashOffset,
        [NotNullWhen(true)] out VerityGeometry? geometry,
        out ParseError error)
    {
        geometry = null;
        error = !IsBlockSize(dataBlockSize) ? new($"data block size {dataBlockSize}, wanted a power of two from 512 to 65536")
            : !IsBlockSize(hashBlockSize) ? new($"hash block size {hashBlockSize}, wanted a power of two from 512 to 65536")
            : dataBlocks is < 1 or > MaximumDataBlocks ? new($"{dataBlocks} data blocks")
            : hashOffset < dataBlocks * dataBlockSize
                ? new($"hash offset {hashOffset} lies in the {dataBlocks * dataBlockSize} bytes of data")
            : hashOffset > MaximumHashOffset || hashOffset % VeritySuperblock.Size != 0
                ? new($"hash offset {hashOffset}, wanted a multiple of {VeritySuperblock.Size} up to {MaximumHashOffset}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        geometry = new VerityGeometry(algorithm, dataBlockSize, hashBlockSize, dataBlocks, hashOffset);
        return true;
    }

    /// <inheritdoc cref="TryCreate(DigestAlgorithm, int, int, long, long, out VerityGeometry?, out ParseError)"/>
    public static bool TryCreate(VeritySettings settings, [NotNullWhen(true)] out VerityGeometry? geometry, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!DigestAlgorithms.TryFromKernelName(settings.Algorithm, out DigestAlgorithm algorithm))
        {
            geometry = null;
            error = new($"unknown digest \"{settings.Algorithm}\"");
            return false;
        }

        return TryCreate(
            algorithm, settings.DataBlockSize, settings.HashBlockSize, settings.DataBlocks, settings.HashOffset, out geometry, out error);
    }

    /// <inheritdoc cref="TryCreate(DigestAlgorithm, int, int, long, long, out VerityGeometry?, out ParseError)"/>
    public static bool TryCreate(
        VeritySuperblock superblock, long hashOffset, [NotNullWhen(true)] out VerityGeometry? geometry, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(superblock);
        return TryCreate(
            superblock.Algorithm, superblock.DataBlockSize, superblock.HashBlockSize, superblock.DataBlocks, hashOffset,
            out geometry, out error);
    }

    private static VerityLevel[] LevelsOf(long dataBlocks, int digestsPerBlock, long firstBlock, int blockSize)
    {
        var counts = new List<long>();
        for (long blocks = dataBlocks; blocks > 1;)
        {
            blocks = CeilingDivide(blocks, digestsPerBlock);
            counts.Add(blocks);
        }

        var levels = new VerityLevel[counts.Count];
        long next = firstBlock;
        for (int i = levels.Length - 1; i >= 0; i--)
        {
            levels[i] = new VerityLevel(next * blockSize, counts[i]);
            next += counts[i];
        }

        return levels;
    }

    private static long CeilingDivide(long value, long by) => (value + by - 1) / by;
}
