using System;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Verity;
using InitRuntime.Mkinitramfs.Build;

namespace InitRuntime.Qemu.Harness;

/// <summary>Places in the root partition, in bytes.</summary>
/// <param name="Superblock">The verity superblock.</param>
/// <param name="TopHashBlock">The block whose digest is the root hash.</param>
/// <param name="FirstLowestHashBlock">The digests of the first data blocks; it is not the top one.</param>
internal sealed record RootPlaces(long Superblock, long TopHashBlock, long FirstLowestHashBlock)
{
    /// <summary>A byte of the file system's superblock: erofs and squashfs are read there first. In the first data block.</summary>
    internal const long FileSystemSuperblock = 1024 + 64;

    /// <summary>Where the UUID is in a verity superblock.</summary>
    internal const long UuidInSuperblock = 16;

    internal static RootPlaces Of(BuiltImage image)
    {
        ImageSummary summary = image.Summary;
        var settings = new VeritySettings
        {
            Algorithm = summary.Algorithm,
            RootHash = summary.Roothash,
            Salt = summary.Salt,
            DataBlockSize = summary.DataBlockSize,
            HashBlockSize = summary.HashBlockSize,
            DataBlocks = summary.DataBlocks,
            HashOffset = summary.HashOffset,
            OnCorruption = CorruptionPolicy.Panic,
        };
        return VerityGeometry.TryCreate(settings, out VerityGeometry? geometry, out ParseError error) && geometry.Levels.Count > 1
            ? new(summary.HashOffset, geometry.TopBlockOffset, geometry.Levels[0].Offset)
            : throw new InvalidOperationException($"the tree has no lower level: {error}");
    }
}
