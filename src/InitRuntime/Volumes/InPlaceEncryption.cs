using System;
using System.Globalization;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Stages;
using InitRuntime.Storage.DeviceMapper;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Luks;
using InitRuntime.TpmUnlock;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Volumes;

/// <summary>
/// Encrypts a volume with all that it holds. cryptsetup moves the first 16 MiB to the end, puts its header in their place and then
/// encrypts piece by piece; each piece it can resume. What it cannot do safely is the header's arrival: a power cut there would leave
/// neither the old start nor a whole header. So it works on a device whose first 16 MiB are in truth a spare part near the partition's
/// end. When the header is whole there, with its seal and our token, it is copied to the start, as often as it takes.
/// </summary>
/// <remarks>
/// The partition while the header is being staged, with S = 16 MiB and D its length: [0, S) is the old start; up to D - 3 S the file
/// system; [D - 3 S, D - 2 S) the staged header; the rest is cryptsetup's, with the moved start at its end.
/// </remarks>
internal sealed class InPlaceEncryption(BootTpm tpm, RootTools tools, VolumeFileSystem fileSystem, DmControl deviceMapper, Kmsg log)
{
    private const long Start = StagedHeader.DataOffset;
    private const int SectorSize = 512;

    /// <summary>What the file system has to leave free at the end, in bytes.</summary>
    private const long Room = StagedHeader.Room;

    /// <summary>A staged header that was not copied to the start for good; null if there is none that is complete.</summary>
    internal static bool IsStaged(string device)
    {
        long length = LengthOf(device);
        return length > 2 * Room
            && LuksDevice.TryReadAt(device, length - Room, (ulong)length, out _) is { FirstBoot.State: FirstBootState.Staged, IsReencryptionUnfinished: true };
    }

    /// <summary>Puts the header on a partition that holds a plain file system; the data are encrypted by <see cref="Resume"/>.</summary>
    internal LuksDevice Begin(BlockDevice partition, VolumeSettings volume, VolumeFileSystem.Content content)
    {
        string device = partition.Path;
        log.Write(Priority.Choice, $"volumes: {volume.Name}: first boot: encrypting {content} on {device} in place");
        long length = LengthOf(device);
        if (length <= 2 * Room)
        {
            throw new BootException($"volume {volume.Name} of {length >> 20} MiB is too small to be encrypted in place", device, $"it needs more than {2 * Room >> 20} MiB");
        }

        long snapshots = volume.SnapshotBytes > 0 ? length - SnapshotLayout.MaximumFileSystemLength(length, volume.SnapshotBytes) : 0;
        fileSystem.MakeRoom(device, volume, content.Superblock!, length, Room + snapshots);
        using var passphrase = new SecretBuffer(SystemdUnseal.MaximumPassphraseLength);
        SystemdTpm2Token token = tpm.Seal(passphrase.Span, out int passphraseLength);
        CopyStart(device, length);
        MappedDevice staging = MakeStagingDevice(device, volume, length);
        try
        {
            tools.Run(
                $"preparing the encryption of {volume.Name}", "/usr/sbin/cryptsetup",
                [
                    "reencrypt", "--encrypt", "--init-only", "--reduce-device-size", $"{2 * Start >> 20}M", .. FirstBoot.HeaderOptions,
                    "--sector-size", $"{SectorOf(content, device)}", $"/dev/mapper/{staging.Name}",
                ],
                passphrase.Span[..passphraseLength]);
        }
        finally
        {
            staging.Remove(deviceMapper);
        }

        LuksHeader.WriteTokens(ReadStaged(device, length), FirstBoot.Tokens(token, FirstBootState.Staged));
        return Arrive(partition);
    }

    /// <summary>Copies a staged header to the start of the partition. It can be done again, whatever became of the last time.</summary>
    internal static LuksDevice Arrive(BlockDevice partition) =>
        StagedHeader.Write(ReadStaged(partition.Path, LengthOf(partition.Path)), partition, clear: true);

    /// <summary>Encrypts what is not encrypted yet, and says how far it is.</summary>
    internal LuksDevice Resume(LuksDevice luks, VolumeSettings volume)
    {
        using VolumeKey key = VolumeKey.Find(tpm, prompt: null, luks, volume, encrypted: null, volumeKey: null);

        // A cut within a piece leaves one that is neither plain nor encrypted; cryptsetup mends that only when told to.
        tools.Run(
            $"mending the encryption of {volume.Name} where it was cut", "/usr/sbin/cryptsetup",
            ["repair", "--batch-mode", "--key-file", "-", luks.Path], key.Passphrase);
        LuksDevice mended = luks.ReadAgain();
        if (!mended.IsReencryptionUnfinished)
        {
            // The piece that was cut was the last one.
            return mended;
        }

        if (LuksHeader.TryEndEncryption(mended) is { } ended)
        {
            return ended;
        }

        tools.Run(
            $"encrypting {volume.Name} in place", "/usr/sbin/cryptsetup",
            [
                "reencrypt", "--resume-only", "--batch-mode", "--key-file", "-", "--progress-json", "--progress-frequency", "5", luks.Path,
            ],
            key.Passphrase,
            line => Report(volume.Name, line));
        return luks.ReadAgain();
    }

    private static LuksDevice ReadStaged(string device, long length) => LuksDevice.TryReadAt(device, length - Room, (ulong)length, out ParseError error)
        ?? throw new BootException($"the staged header cannot be read: {error}", device);

    private static long LengthOf(string device)
    {
        using SafeFileHandle handle = KernelFile.Open(device);
        return KernelFile.LengthOf(handle, device);
    }

    /// <summary>cryptsetup refuses sectors that are larger than the file system's blocks.</summary>
    private static int SectorOf(VolumeFileSystem.Content content, string device) =>
        content.Superblock!.BlockSize >= 4096 ? FirstBoot.EncryptionSector(device) : SectorSize;

    private void CopyStart(string device, long length)
    {
        using SafeFileHandle handle = KernelFile.Open(device, write: true);
        tools.Feed();
        KernelFile.Copy(handle, 0, handle, length - Room, Start, device);
        KernelFile.Sync(handle, device);
    }

    private MappedDevice MakeStagingDevice(string device, VolumeSettings volume, long length)
    {
        (uint major, uint minor) = DeviceNumber.Of(device);
        string Parameters(long offset) => string.Create(CultureInfo.InvariantCulture, $"{major}:{minor} {offset / SectorSize}");
        string name = $"{volume.Name}-staging";
        return MappedDevice.Activate(
            deviceMapper, name, $"initruntime-{name}",
            [
                new DmTarget(Start / SectorSize, "linear", Parameters(length - Room)),
                new DmTarget((length - Start) / SectorSize, "linear", Parameters(Start)),
            ],
            readOnly: false);
    }

    /// <summary>Turns cryptsetup's JSON progress into a line for people.</summary>
    private void Report(string name, string line)
    {
        long done = Number(line, "device_bytes");
        long all = Number(line, "device_size");
        if (all <= 0)
        {
            log.Write(Priority.Detail, $"volumes: {line}");
            return;
        }

        long seconds = Number(line, "eta_ms") / 1000;
        string left = seconds >= 120 ? $"about {(seconds + 59) / 60} min" : $"about {seconds} s";
        log.Write(Priority.Choice, string.Create(
            CultureInfo.InvariantCulture, $"volumes: {name}: {100 * (done >> 10) / Math.Max(all >> 10, 1)} % of {all >> 20} MiB encrypted, {left} left"));
    }

    /// <summary>A number that cryptsetup writes as text: <c>"eta_ms":"1200"</c>; -1 if it is not there.</summary>
    private static long Number(string line, string name)
    {
        string start = $"\"{name}\":\"";
        int at = line.IndexOf(start, StringComparison.Ordinal);
        int end = at < 0 ? -1 : line.IndexOf('"', at + start.Length);
        return end > 0 && long.TryParse(line.AsSpan(at + start.Length, end - at - start.Length), CultureInfo.InvariantCulture, out long value) ? value : -1;
    }
}
