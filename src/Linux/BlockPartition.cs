using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux;

/// <summary>The kernel's own view of a partition, which may be in use while it changes. Source: linux/blkpg.h.</summary>
public static unsafe class BlockPartition
{
    /// <summary>BLKPG_RESIZE_PARTITION.</summary>
    internal const int ResizeOperation = 3;

    /// <summary>BLKPG.</summary>
    internal static readonly Ioctl<PartitionRequest> Request = new("BLKPG", IoctlDirection.None, 0x12, 105);

    /// <summary>Tells the kernel the new length of a partition. The table on the disk is the caller's.</summary>
    /// <param name="disk">The whole disk, opened for writing.</param>
    /// <param name="number">The partition's number, from 1.</param>
    /// <param name="startInBytes">Where it starts, unchanged.</param>
    /// <param name="lengthInBytes">Its new length, a multiple of the logical sector size.</param>
    /// <param name="subject">The disk's name, for messages.</param>
    /// <exception cref="SyscallException">
    /// ENXIO: there is no such partition; EINVAL: it starts elsewhere, or the length does not fit; EBUSY: another one lies there.
    /// </exception>
    public static void Resize(SafeFileHandle disk, int number, long startInBytes, long lengthInBytes, string subject)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var partition = new Partition { Start = startInBytes, Length = lengthInBytes, Number = number };
        var request = new PartitionRequest { Operation = ResizeOperation, DataLength = sizeof(Partition), Data = &partition };
        Request.Call(disk, ref request, $"{subject} partition {number}");
    }

    /// <summary>struct blkpg_ioctl_arg. Source: linux/blkpg.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PartitionRequest
    {
        internal int Operation;
        internal int Flags;
        internal int DataLength;
        internal Partition* Data;
    }

    /// <summary>struct blkpg_partition. Source: linux/blkpg.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Partition
    {
        /// <summary>In bytes.</summary>
        internal long Start;

        /// <summary>In bytes.</summary>
        internal long Length;

        internal int Number;
        internal NameArray DeviceName;
        internal NameArray VolumeName;
    }

    /// <summary>BLKPG_DEVNAMELTH and BLKPG_VOLNAMELTH bytes, which the kernel ignores.</summary>
    [InlineArray(64)]
    internal struct NameArray
    {
        private byte _first;
    }
}
