using System;

namespace InitRuntime.Formats.FileSystems;

/// <summary>
/// Names content by its magic. Source: the magics of libblkid. What keeps its magic at the end of a device (md 0.90 and 1.0) is
/// not seen here.
/// </summary>
internal static class OtherContent
{
    private const int SectorSize = 512;
    private const int LvmLabelSectors = 4;
    private const int MbrTableAt = 446;
    private const int MbrSignatureAt = 510;
    private const int BcacheMagicAt = 4096 + 24;

    private static ReadOnlySpan<byte> BcachefsMagic =>
        [0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef];

    private static ReadOnlySpan<byte> BcacheMagic =>
        [0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81];

    internal static string? TryName(ReadOnlySpan<byte> start) =>
        IsLuks(start) ? "LUKS"
        : Has(start, 0, "verity\0\0"u8) ? "verity"
        : Has(start, 1024, [0xe2, 0xe1, 0xf5, 0xe0]) ? "erofs"
        : Has(start, 0, "hsqs"u8) || Has(start, 0, "sqsh"u8) ? "squashfs"
        : Has(start, 1024, [0x10, 0x20, 0xf5, 0xf2]) ? "f2fs"
        : Has(start, 3, "NTFS    "u8) ? "ntfs"
        : Has(start, 3, "EXFAT   "u8) ? "exfat"
        : Has(start, 3, "-FVE-FS-"u8) ? "BitLocker"
        : Has(start, BcacheMagicAt, BcachefsMagic) ? "bcachefs"
        : Has(start, BcacheMagicAt, BcacheMagic) ? "bcache"
        : IsMdRaid(start, 0) || IsMdRaid(start, 4096) ? "md raid"
        : IsLvm(start) ? "LVM2 physical volume"
        : IsSwap(start) ? "swap"
        : Has(start, 32769, "CD001"u8) ? "iso9660"
        : IsFat(start) ? "vfat"
        : Has(start, 512, "EFI PART"u8) || Has(start, 4096, "EFI PART"u8) ? "GPT partition table"
        : IsMbr(start) ? "MBR partition table"
        : null;

    /// <summary>The header, or a LUKS2 header's second copy (the LUKS2 specification, 2.1: it lies at one of these offsets).</summary>
    private static bool IsLuks(ReadOnlySpan<byte> start)
    {
        if (Has(start, 0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe]))
        {
            return true;
        }

        for (int offset = 0x4000; offset < start.Length; offset *= 2)
        {
            if (Has(start, offset, [0x53, 0x4b, 0x55, 0x4c, 0xba, 0xbe]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A superblock of versions 1.1 (at the start) and 1.2 (at 4 KiB): the magic, and the major version 1.</summary>
    private static bool IsMdRaid(ReadOnlySpan<byte> start, int offset) =>
        Has(start, offset, [0xfc, 0x4e, 0x2b, 0xa9, 1, 0, 0, 0]);

    private static bool IsLvm(ReadOnlySpan<byte> start)
    {
        for (int i = 0; i < LvmLabelSectors; i++)
        {
            if (Has(start, i * SectorSize, "LABELONE"u8) && Has(start, (i * SectorSize) + 24, "LVM2 001"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The magic ends the first page, whose size the device does not tell; a hibernated system has another one.</summary>
    private static bool IsSwap(ReadOnlySpan<byte> start)
    {
        const int MagicLength = 10;
        const int LargestPage = 65536;
        for (int page = 4096; page <= LargestPage; page *= 2)
        {
            int at = page - MagicLength;
            if (Has(start, at, "SWAPSPACE2"u8) || Has(start, at, "SWAP-SPACE"u8) || Has(start, at, "S1SUSPEND\0"u8)
                || Has(start, at, "S2SUSPEND\0"u8) || Has(start, at, "ULSUSPEND\0"u8) || Has(start, at, "LINHIB0001"u8))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFat(ReadOnlySpan<byte> start) =>
        HasBootSignature(start)
        && (Has(start, 54, "FAT12   "u8) || Has(start, 54, "FAT16   "u8) || Has(start, 54, "FAT     "u8) || Has(start, 82, "FAT32   "u8));

    /// <summary>Four entries that are active or not, nothing else, and of which one at least is in use.</summary>
    private static bool IsMbr(ReadOnlySpan<byte> start)
    {
        if (!HasBootSignature(start))
        {
            return false;
        }

        bool used = false;
        for (int at = MbrTableAt; at < MbrSignatureAt; at += 16)
        {
            if (start[at] is not (0 or 0x80))
            {
                return false;
            }

            used |= start[at + 4] != 0;
        }

        return used;
    }

    private static bool HasBootSignature(ReadOnlySpan<byte> start) => Has(start, MbrSignatureAt, [0x55, 0xaa]);

    private static bool Has(ReadOnlySpan<byte> start, int offset, ReadOnlySpan<byte> magic) =>
        FileSystemSuperblock.From(start, offset).StartsWith(magic);
}
