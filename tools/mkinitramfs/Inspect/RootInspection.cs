using System;
using System.Diagnostics.CodeAnalysis;
using InitRuntime.Crypto;
using InitRuntime.Formats.FileSystems;
using InitRuntime.Formats.Verity;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>A root file system with its verity tree: an image's rootfs.img, or a root partition.</summary>
internal static class RootInspection
{
    /// <summary>Whether it was one, and was written about.</summary>
    internal static bool Try(FileRegion region, InspectionWriter writer)
    {
        if (!RootImage.TryMeasure(region.Start(RootImage.RequiredLength), out string name, out long length))
        {
            return false;
        }

        writer.Line($"{name} file system of {InspectionWriter.Size(length)}");
        if (!TryFindSuperblock(region, length, out VeritySuperblock? superblock, out long hashOffset))
        {
            writer.Line("no verity superblock behind it");
            return true;
        }

        writer.Value("verity UUID", superblock.Uuid.ToString());
        writer.Value("digest", superblock.Algorithm.KernelName());
        writer.Value("salt", superblock.Salt.Length == 0 ? "-" : Convert.ToHexStringLower(superblock.Salt));
        writer.Value("blocks", $"{superblock.DataBlocks} of {superblock.DataBlockSize} bytes; hash blocks of {superblock.HashBlockSize} bytes");
        writer.Value("hash offset", $"{hashOffset}");
        if (VerityGeometry.TryCreate(superblock, hashOffset, out VerityGeometry? geometry, out _)
            && region.Part(geometry.TopBlockOffset, geometry.TopBlockLength) is { } top
            && top.Start(geometry.TopBlockLength) is { Length: > 0 } block)
        {
            byte[] rootHash = new byte[geometry.Algorithm.LengthInBytes()];
            VerityTree.HashBlock(new Digest(geometry.Algorithm), superblock.Salt, block, rootHash);
            writer.Value("root hash", $"{Convert.ToHexStringLower(rootHash)} (of the tree as it is; what counts is the one in the UKI)");
        }

        return true;
    }

    /// <summary>It stands right behind the file system, at the next multiple of a block size.</summary>
    private static bool TryFindSuperblock(
        FileRegion region, long dataLength, [NotNullWhen(true)] out VeritySuperblock? superblock, out long hashOffset)
    {
        superblock = null;
        hashOffset = 0;
        byte[] sector = new byte[VeritySuperblock.Size];
        for (long blockSize = VeritySuperblock.Size; blockSize <= RootImage.LargestPadding && dataLength < region.Length; blockSize *= 2)
        {
            hashOffset = (dataLength + blockSize - 1) / blockSize * blockSize;
            if (region.Read(hashOffset, sector) && VeritySuperblock.TryParse(sector, out superblock, out _))
            {
                return true;
            }
        }

        return false;
    }
}
