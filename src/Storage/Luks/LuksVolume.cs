using System;
using System.Collections.Generic;
using System.Globalization;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.DeviceMapper;

namespace InitRuntime.Storage.Luks;

/// <summary>Opens a LUKS2 volume: from a passphrase to the volume key, and from that to the mapped device.</summary>
public static class LuksVolume
{
    /// <summary>
    /// Tries the passphrase on keyslots, preferred ones first, until one gives the volume key. Each try takes as long as the
    /// keyslot's KDF wants.
    /// </summary>
    /// <param name="device">Where the keyslots' areas are read from.</param>
    /// <param name="volume">What is to be opened.</param>
    /// <param name="keyslots">
    /// Those that a token names; null for a passphrase that a person typed: then all but those that are to be used only by number.
    /// </param>
    /// <param name="passphrase">The passphrase, or a token's key.</param>
    /// <param name="volumeKey">As long as the volume's key. It holds the key, or zeros if this fails.</param>
    /// <param name="keyslot">Which one it was; -1 if none.</param>
    /// <param name="error">Why not, of each keyslot that was tried.</param>
    /// <param name="memoryLimitInKiB">The most memory that Argon2 may use.</param>
    public static bool TryOpenKeyslot(
        LuksDevice device,
        Luks2Volume volume,
        IReadOnlyList<int>? keyslots,
        ReadOnlySpan<byte> passphrase,
        SecretBuffer volumeKey,
        out int keyslot,
        out ParseError error,
        uint memoryLimitInKiB = Luks2Keyslot.DefaultMemoryLimitInKiB)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(volumeKey);
        volumeKey.Span.Clear();
        string reasons = "";
        foreach (Luks2Keyslot slot in volume.Keyslots)
        {
            if (keyslots is null ? slot.Priority == 0 : !Contains(keyslots, slot.Number))
            {
                continue;
            }

            // Only the encrypted stripes: no secret without the passphrase.
            byte[] area = new byte[slot.MaterialLength];
            if (!device.TryReadArea(slot.Area.Offset, area))
            {
                error = new($"keyslot {slot.Number} cannot be read");
            }
            else if (slot.TryOpen(passphrase, area, volume.Digest, volumeKey.Span, out error, memoryLimitInKiB))
            {
                keyslot = slot.Number;
                return true;
            }

            reasons += reasons.Length == 0 ? error.Message : $"; {error.Message}";
        }

        keyslot = -1;
        error = new(reasons.Length == 0 ? "no keyslot to try" : reasons);
        return false;
    }

    /// <summary>Makes the mapped device. The key lies in the kernel's keyring only while the table is loaded.</summary>
    /// <param name="control">Device-mapper.</param>
    /// <param name="device">The device under it.</param>
    /// <param name="volume">What to map.</param>
    /// <param name="name">Its name in /dev/mapper.</param>
    /// <param name="volumeKey">The volume key.</param>
    /// <exception cref="BootException">The data are no whole sectors, or the kernel refuses the table.</exception>
    public static MappedDevice Activate(DmControl control, LuksDevice device, Luks2Volume volume, string name, ReadOnlySpan<byte> volumeKey)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(volume);
        string uuid = CryptTable.DeviceUuid(volume, name);
        DmTarget target = Target(device, volume);
        int key = Keyring.Add("logon", CryptTable.KeyDescription(volume), volumeKey);
        try
        {
            return MappedDevice.Activate(control, name, uuid, target, readOnly: false);
        }
        catch (SyscallException e)
        {
            string? hint = e.Errno switch
            {
                Errno.EBUSY => $"the device is in use, or another mapped device is named \"{name}\"",
                Errno.EINVAL => "the kernel's lines above say why; it needs dm-crypt, and AES in XTS mode",
                _ => null,
            };
            throw new BootException($"the kernel refuses the crypt table: {e.Message}", device.Path, hint, e);
        }
        finally
        {
            Keyring.Unlink(key);
        }
    }

    private static DmTarget Target(LuksDevice device, Luks2Volume volume)
    {
        string? number = device.Device is { } disk ? KernelFile.TryReadText($"/sys/class/block/{disk.Name}/dev") : null;
        if (number?.Split(':') is not [var majorText, var minorText]
            || !uint.TryParse(majorText, NumberStyles.None, CultureInfo.InvariantCulture, out uint major)
            || !uint.TryParse(minorText, NumberStyles.None, CultureInfo.InvariantCulture, out uint minor))
        {
            throw new BootException("no block device", device.Path);
        }

        ulong length = device.LengthInBytes;
        return CryptTable.TryMake(volume, major, minor, length, out ulong sectors, out string parameters, out ParseError error)
            ? new((long)sectors, CryptTable.Target, parameters)
            : throw new BootException($"the volume does not fit: {error}", device.Path);
    }

    private static bool Contains(IReadOnlyList<int> numbers, int number)
    {
        for (int i = 0; i < numbers.Count; i++)
        {
            if (numbers[i] == number)
            {
                return true;
            }
        }

        return false;
    }
}
