using System.Runtime.InteropServices;

namespace InitRuntime.Linux;

/// <summary>
/// The C library's functions that look up users and groups, for the linker: none is there. The runtime's native part names them
/// beside what /init calls, and those of a static C library bring along all of NSS, down to DNS. Nothing in /init calls them.
/// Source: pwd.h, grp.h.
/// </summary>
internal static unsafe class NoUserDatabase
{
    [UnmanagedCallersOnly(EntryPoint = "getpwnam_r")]
    private static int FindUser(byte* name, void* entry, byte* buffer, nuint length, void** found) => (int)Errno.ENOSYS;

    [UnmanagedCallersOnly(EntryPoint = "getpwuid_r")]
    private static int FindUser(uint id, void* entry, byte* buffer, nuint length, void** found) => (int)Errno.ENOSYS;

    [UnmanagedCallersOnly(EntryPoint = "getgrgid_r")]
    private static int FindGroup(uint id, void* entry, byte* buffer, nuint length, void** found) => (int)Errno.ENOSYS;

    [UnmanagedCallersOnly(EntryPoint = "getgrouplist")]
    private static int ListGroups(byte* user, uint group, uint* groups, int* count) => -1;

    [UnmanagedCallersOnly(EntryPoint = "initgroups")]
    private static int SetGroups(byte* user, uint group) => -1;
}
