using System;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>EFI variables through efivarfs, which must be mounted. Source: Documentation/filesystems/efivarfs.rst, UEFI 2.10 section 8.2.</summary>
public static class EfiVariables
{
    /// <summary>Where efivarfs belongs.</summary>
    public const string Directory = "/sys/firmware/efi/efivars";

    private const uint NonVolatileBootServiceRuntime = 7;
    private const int ImmutableFlag = 0x10;
    private const int LongestVariable = 64 * 1024;

    // The kernel declares these with "long" but reads and writes an int.
    private static readonly Ioctl<long> _getFlags = new("FS_IOC_GETFLAGS", IoctlDirection.Read, (byte)'f', 1);
    private static readonly Ioctl<long> _setFlags = new("FS_IOC_SETFLAGS", IoctlDirection.Write, (byte)'f', 2);

    /// <summary>A variable's data, or null when there is none that can be read. Whatever it holds is not to be trusted.</summary>
    public static byte[]? TryRead(string name, Guid vendor)
    {
        try
        {
            return KernelFile.TryReadAll(PathOf(name, vendor), LongestVariable) is { Length: >= sizeof(uint) } bytes ? bytes[sizeof(uint)..] : null;
        }
        catch (SyscallException)
        {
            // A variable is a hint; one that the firmware cannot give, or that is absurdly long, is none.
            return null;
        }
    }

    /// <summary>Sets a non-volatile variable.</summary>
    /// <exception cref="SyscallException">ENOSPC: the firmware's store is full; EROFS, EACCES: it allows no writing.</exception>
    public static void Write(string name, Guid vendor, ReadOnlySpan<byte> data)
    {
        string path = PathOf(name, vendor);
        Unlock(path);
        byte[] bytes = new byte[sizeof(uint) + data.Length];
        bytes[0] = (byte)NonVolatileBootServiceRuntime;
        data.CopyTo(bytes.AsSpan(sizeof(uint)));
        using SafeFileHandle file = KernelFile.Open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0x1a4 /* 0644 */);
        KernelFile.WriteOnce(file, bytes, path);
    }

    /// <summary>Removes a variable; one that is not there is fine.</summary>
    /// <exception cref="SyscallException">EROFS, EACCES: the firmware allows no writing.</exception>
    public static void Remove(string name, Guid vendor) => RemoveFile(PathOf(name, vendor));

    internal static void RemoveFile(string path)
    {
        Unlock(path);
        KernelFile.Remove(path);
    }

    private static string PathOf(string name, Guid vendor) => $"{Directory}/{name}-{vendor:D}";

    /// <summary>Takes away the immutable flag that efivarfs gives to variables it does not know.</summary>
    private static void Unlock(string path)
    {
        if (!KernelFile.Exists(path))
        {
            return;
        }

        using SafeFileHandle file = KernelFile.Open(path);
        long flags = 0;
        _getFlags.Call(file, ref flags, path);
        if ((flags & ImmutableFlag) != 0)
        {
            flags &= ~ImmutableFlag;
            _setFlags.Call(file, ref flags, path);
        }
    }
}
