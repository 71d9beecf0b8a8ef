using System;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Keys handed to the kernel by name. They lie in this process's keyring, which ends when another program takes over.</summary>
public static unsafe class Keyring
{
    private const int ProcessKeyring = -2;
    private const int Unlinking = 9;

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
    public static int Add(string type, string description, ReadOnlySpan<byte> payload)
    {
        fixed (byte* kind = NativeText.Terminated(type), name = NativeText.Terminated(description), bytes = payload)
        {
            long result = (long)(ssize_t)syscall(_addKey, kind, name, bytes, payload.Length, ProcessKeyring);
            return (int)Syscall.Check(result, "add_key", description);
        }
    }

    /// <summary>
    /// Takes a key out of this process's keyring: the kernel wipes it when nothing else holds it. Source: keyctl(2), KEYCTL_UNLINK.
    /// </summary>
    /// <param name="serial">What <see cref="Add"/> gave.</param>
    public static void Unlink(int serial)
    {
        long result = (long)(ssize_t)syscall(_keyctl, Unlinking, serial, ProcessKeyring);
        Syscall.Check(result, "keyctl", $"key {serial}");
    }
}
