using System.Runtime.InteropServices;

namespace InitRuntime.Linux;

/// <summary>struct statfs of 64-bit machines. Source: asm-generic/statfs.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StatFs
{
    internal long Type;
    internal long BlockSize;
    internal ulong Blocks;
    internal ulong FreeBlocks;
    internal ulong AvailableBlocks;
    internal ulong Files;
    internal ulong FreeFiles;
    internal long Identifier;
    internal long NameLength;
    internal long FragmentSize;
    internal long Flags;
    internal long Spare0;
    internal long Spare1;
    internal long Spare2;
    internal long Spare3;
}
