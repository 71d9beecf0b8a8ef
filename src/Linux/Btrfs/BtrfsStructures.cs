using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InitRuntime.Linux.Btrfs;

/// <summary>struct btrfs_ioctl_vol_args_v2. Source: linux/btrfs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BtrfsVolumeArguments
{
    /// <summary>BTRFS_SUBVOL_NAME_MAX, in bytes without the NUL.</summary>
    internal const int LongestName = 4039;

    internal long Descriptor;
    internal ulong Transaction;
    internal ulong Flags;
    internal UnusedArray Unused;
    internal NameArray Name;

    [InlineArray(4)]
    internal struct UnusedArray
    {
        private ulong _first;
    }

    [InlineArray(LongestName + 1)]
    internal struct NameArray
    {
        private byte _first;
    }
}

/// <summary>BTRFS_VOL_NAME_MAX and a NUL: the name of an entry of a directory. Source: linux/btrfs.h.</summary>
[InlineArray(256)]
internal struct BtrfsEntryName
{
    private byte _first;
}

/// <summary>struct btrfs_ioctl_timespec. Source: linux/btrfs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BtrfsTime
{
    internal ulong Seconds;
    internal uint Nanoseconds;
}

/// <summary>struct btrfs_ioctl_get_subvol_info_args. Source: linux/btrfs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BtrfsSubvolumeArguments
{
    internal ulong TreeId;
    internal BtrfsEntryName Name;
    internal ulong ParentId;
    internal ulong DirectoryId;
    internal ulong Generation;
    internal ulong Flags;
    internal UuidArray Uuid;
    internal UuidArray ParentUuid;
    internal UuidArray ReceivedUuid;
    internal ulong ChangeTransaction;
    internal ulong OriginTransaction;
    internal ulong SendTransaction;
    internal ulong ReceiveTransaction;
    internal BtrfsTime ChangeTime;
    internal BtrfsTime OriginTime;
    internal BtrfsTime SendTime;
    internal BtrfsTime ReceiveTime;
    internal ReservedArray Reserved;

    [InlineArray(16)]
    internal struct UuidArray
    {
        private byte _first;
    }

    [InlineArray(8)]
    internal struct ReservedArray
    {
        private ulong _first;
    }
}

/// <summary>struct btrfs_ioctl_get_subvol_rootref_args. Source: linux/btrfs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BtrfsReferences
{
    internal ulong FirstTreeId;
    internal ReferenceArray References;
    internal byte Count;
    internal PaddingArray Padding;

    [StructLayout(LayoutKind.Sequential)]
    internal struct Reference
    {
        internal ulong TreeId;
        internal ulong DirectoryId;
    }

    /// <summary>BTRFS_MAX_ROOTREF_BUFFER_NUM.</summary>
    [InlineArray(255)]
    internal struct ReferenceArray
    {
        private Reference _first;
    }

    [InlineArray(7)]
    internal struct PaddingArray
    {
        private byte _first;
    }
}

/// <summary>struct btrfs_ioctl_ino_lookup_user_args. Source: linux/btrfs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BtrfsLookup
{
    internal ulong DirectoryId;
    internal ulong TreeId;
    internal BtrfsEntryName Name;
    internal PathArray Path;

    /// <summary>BTRFS_INO_LOOKUP_USER_PATH_MAX.</summary>
    [InlineArray(3824)]
    internal struct PathArray
    {
        private byte _first;
    }
}
