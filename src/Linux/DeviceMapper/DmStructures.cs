using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InitRuntime.Linux.DeviceMapper;

/// <summary>struct dm_ioctl. Source: linux/dm-ioctl.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DmIoctl
{
    internal const int NameLength = 128;
    internal const int UuidLength = 129;

    internal uint VersionMajor;
    internal uint VersionMinor;
    internal uint VersionPatch;
    internal uint DataSize;
    internal uint DataStart;
    internal uint TargetCount;
    internal int OpenCount;
    internal uint Flags;
    internal uint EventNumber;
    internal uint Padding;
    internal ulong Device;
    internal NameArray Name;
    internal UuidArray Uuid;
    internal DataArray Data;

    [InlineArray(NameLength)]
    internal struct NameArray
    {
        private byte _first;
    }

    [InlineArray(UuidLength)]
    internal struct UuidArray
    {
        private byte _first;
    }

    [InlineArray(7)]
    internal struct DataArray
    {
        private byte _first;
    }
}

/// <summary>struct dm_target_spec; the parameters follow it, ended by NUL. Source: linux/dm-ioctl.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DmTargetSpec
{
    internal const int TypeLength = 16;

    internal ulong SectorStart;
    internal ulong Length;
    internal int Status;
    internal uint Next;
    internal TypeArray TargetType;

    [InlineArray(TypeLength)]
    internal struct TypeArray
    {
        private byte _first;
    }
}
