using System;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Keys handed to the kernel by name. They lie in this process's keyring, which ends when another program takes over.</summary>
public static unsafe class Keyring
{
    /// <summary>KEY_SPEC_PROCESS_KEYRING and KEYCTL_UNLINK. Source: linux/keyctl.h.</summary>
    internal const int ProcessKeyring = -2;

    /// <inheritdoc cref="ProcessKeyring"/>
    internal const int UnlinkCommand = 9;

    private static readonly int _addKey = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 248,
        Architecture.Arm64 or Architecture.RiscV64 => 217,
        _ => throw new PlatformNotSupportedException(),
    };

    private static readonly int _keyctl = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 250,
        Architecture.Arm64 or Architecture.RiscV64 => 219,
        _ => throw new PlatformNotSupportedException(),
    };

    /// <summary>Adds a key. Source: add_key(2).</summary>
    /// <param name="type"><c>user</c> or <c>logon</c>.</param>
    /// <param name="description">Its name.</param>
    /// <param name="payload">Its bytes, copied by the kernel.</param>
    /// <returns>Its serial number, for <see cref="Unlink"/>.</returns>
    /// <exception cref="SyscallException">EINVAL: the kernel takes no such payload; ENOMEM; ENODEV: no such type.</exception>
    public static int Add(string type, string description, ReadOnlySpan<byte> payload)
    {
        fixed (byte* kind = NativeText.Terminated(type), name = NativeText.Terminated(description), bytes = payload)
        {
            long result = (long)(ssize_t)syscall(_addKey, kind, name, bytes, payload.Length, ProcessKeyring);
            return (int)Syscall.Check(result, "add_key", description);
        }
    }

    /// <summary>Takes a key out of this process's keyring; the kernel wipes it once nothing else holds it. Source: keyctl(2).</summary>
    /// <param name="serial">As <see cref="Add"/> gave it.</param>
    /// <exception cref="SyscallException">ENOENT: it is not in there (any more); ENOKEY: there is no such key.</exception>
    public static void Unlink(int serial)
    {
        long result = (long)(ssize_t)syscall(_keyctl, UnlinkCommand, serial, ProcessKeyring);
        Syscall.Check(result, "KEYCTL_UNLINK", $"key {serial}");
    }
}
