using System;
using System.Buffers;
using System.Text;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// dm-crypt's table and names for a LUKS2 volume, as cryptsetup makes them. Source: kernel admin-guide/device-mapper/dm-crypt;
/// cryptsetup lib/libdevmapper.c, lib/luks2/luks2_keyslot.c.
/// </summary>
public static class CryptTable
{
    /// <summary>The name of the target.</summary>
    public const string Target = "crypt";

    private const ulong DeviceMapperSector = 512;

    /// <summary>The longest name whose DM UUID still fits: DM_UUID_LEN is 129 with the final zero (linux/dm-ioctl.h).</summary>
    private const int MaximumNameLength = 128 - 12 - 32 - 1;

    /// <summary>What libdevmapper leaves unmangled in a name, and udev in a link.</summary>
    private static readonly SearchValues<char> _nameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#+-.:=@_");

    /// <summary>Under which name the volume key stands in the keyring; the type of key is <c>logon</c>.</summary>
    public static string KeyDescription(Luks2Volume volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return $"cryptsetup:{volume.Header.Binary.Uuid:D}-d{volume.Digest.Number}";
    }

    /// <summary>The DM UUID of the mapped device, by which udev and systemd know it.</summary>
    /// <exception cref="ArgumentException">The name is not one that device-mapper and udev take unchanged.</exception>
    public static string DeviceUuid(Luks2Volume volume, string name)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaximumNameLength || name.AsSpan().ContainsAnyExcept(_nameCharacters))
        {
            throw new ArgumentException($"\"{Escaped.Text(name)}\" is no name for a mapped device", nameof(name));
        }

        return $"CRYPT-LUKS2-{volume.Header.Binary.Uuid:N}-{name}";
    }

    /// <summary>The table's line: its length and its parameters. The key is named, not written.</summary>
    /// <param name="volume">What to map.</param>
    /// <param name="major">Major number of the device under it.</param>
    /// <param name="minor">Minor number of that device.</param>
    /// <param name="deviceLength">Of that device, in bytes.</param>
    /// <param name="lengthInSectors">Length of the mapped device, in 512-byte sectors.</param>
    /// <param name="parameters">The target's parameters.</param>
    /// <param name="error">Why there is none: the data have no whole number of sectors.</param>
    public static bool TryMake(
        Luks2Volume volume, uint major, uint minor, ulong deviceLength, out ulong lengthInSectors, out string parameters, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(volume);
        Luks2Segment segment = volume.Segment;
        parameters = "";
        lengthInSectors = 0;
        ulong room = deviceLength > segment.Offset ? deviceLength - segment.Offset : 0;
        ulong length = segment.Length ?? room;
        if (length == 0 || length > room || length % (ulong)segment.SectorSize != 0)
        {
            error = new($"{length} bytes of data behind byte {segment.Offset} of a device of {deviceLength} bytes are not whole sectors of {segment.SectorSize} bytes");
            return false;
        }

        var text = new StringBuilder();
        text.Append(Luks2Keyslot.Cipher).Append(" :").Append(volume.KeyLength).Append(":logon:").Append(KeyDescription(volume));
        text.Append(' ').Append(segment.IvTweak).Append(' ').Append(major).Append(':').Append(minor).Append(' ').Append(segment.Offset / DeviceMapperSector);
        AppendOptions(text, volume.Header.Metadata.Options, segment.SectorSize);
        lengthInSectors = length / DeviceMapperSector;
        parameters = text.ToString();
        error = default;
        return true;
    }

    private static void AppendOptions(StringBuilder text, Luks2Options flags, int sectorSize)
    {
        string sector = sectorSize == (int)DeviceMapperSector ? "" : $" sector_size:{sectorSize}";
        (Luks2Options Flag, string Option)[] options =
        [
            (Luks2Options.AllowDiscards, " allow_discards"),
            (Luks2Options.SameCpuCrypt, " same_cpu_crypt"),
            (Luks2Options.SubmitFromCryptCpus, " submit_from_crypt_cpus"),
            (Luks2Options.NoReadWorkqueue, " no_read_workqueue"),
            (Luks2Options.NoWriteWorkqueue, " no_write_workqueue"),
        ];
        int count = sector.Length == 0 ? 0 : 1;
        var all = new StringBuilder();
        foreach ((Luks2Options flag, string option) in options)
        {
            if (flags.HasFlag(flag))
            {
                count++;
                all.Append(option);
            }
        }

        if (count > 0)
        {
            text.Append(' ').Append(count).Append(all).Append(sector);
        }
    }
}
