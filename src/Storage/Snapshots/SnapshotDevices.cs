using System.Collections.Generic;
using InitRuntime.Formats.Snapshots;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.DeviceMapper;

namespace InitRuntime.Storage.Snapshots;

/// <summary>
/// The three devices of a snapshot: the volume's front part, its copy-on-write area, and what is made of both. That it exists as a
/// value proves that all three are live.
/// </summary>
internal sealed class SnapshotDevices
{
    private const int SectorSize = 512;

    private readonly List<MappedDevice> _devices = [];

    private SnapshotDevices()
    {
    }

    /// <summary>The name of what is mounted.</summary>
    internal static string NameOf(string volume) => $"{volume}-snapshot";

    /// <summary>Makes them. Nothing is left behind on failure.</summary>
    /// <exception cref="SyscallException">EINVAL: the kernel refuses a table; EBUSY: a name is taken, or the device is in use.</exception>
    internal static SnapshotDevices Activate(DmControl control, string volume, string device, SnapshotRecord record, bool merge)
    {
        var made = new SnapshotDevices();
        try
        {
            (uint major, uint minor) = DeviceNumber.Of(device);
            MappedDevice origin = made.Add(control, $"{volume}-origin", OriginLength(record), "linear", $"{major}:{minor} 0");
            MappedDevice area = made.Add(control, $"{volume}-cow", record.AreaLength, "linear", $"{major}:{minor} {record.AreaOffset / SectorSize}");
            made.Add(control, NameOf(volume), OriginLength(record), Type(merge), Parameters(record, origin, area));
            return made;
        }
        catch
        {
            made.Remove(control);
            throw;
        }
    }

    /// <summary>The table that makes a snapshot which is in use merge.</summary>
    internal static DmTarget MergeTable(SnapshotRecord record, string volume)
    {
        (uint originMajor, uint originMinor) = DeviceNumber.Of($"/dev/mapper/{volume}-origin");
        (uint areaMajor, uint areaMinor) = DeviceNumber.Of($"/dev/mapper/{volume}-cow");
        return new(OriginLength(record) / SectorSize, Type(merge: true), Parameters(record, originMajor, originMinor, areaMajor, areaMinor));
    }

    /// <summary>Removes them; nobody may use them.</summary>
    /// <exception cref="SyscallException">EBUSY: somebody does.</exception>
    internal void Remove(DmControl control)
    {
        for (int i = _devices.Count - 1; i >= 0; i--)
        {
            _devices[i].Remove(control);
            _devices.RemoveAt(i);
        }
    }

    /// <summary>Leaves the records for udev: only the snapshot itself has a file system that anybody should see.</summary>
    internal void WriteUdevRecords()
    {
        for (int i = 0; i < _devices.Count; i++)
        {
            _devices[i].WriteUdevRecord(hidden: i < _devices.Count - 1);
        }
    }

    /// <summary>Up to the record, in bytes: the file system, and less than a MiB behind it. So it is the same whatever the superblock
    /// says while it is being merged.</summary>
    private static long OriginLength(SnapshotRecord record) => record.AreaOffset - SnapshotLayout.Unit;

    private static string Type(bool merge) => merge ? "snapshot-merge" : "snapshot";

    private static string Parameters(SnapshotRecord record, MappedDevice origin, MappedDevice area) =>
        Parameters(record, origin.Major, origin.Minor, area.Major, area.Minor);

    /// <summary>Persistent, and not with the option O for overflows: an area that was full must never be merged, so the kernel is to
    /// say so on the disk.</summary>
    private static string Parameters(SnapshotRecord record, uint originMajor, uint originMinor, uint areaMajor, uint areaMinor) =>
        $"{originMajor}:{originMinor} {areaMajor}:{areaMinor} P {record.ChunkSize / SectorSize}";

    private MappedDevice Add(DmControl control, string name, long length, string type, string parameters)
    {
        MappedDevice made = MappedDevice.Activate(control, name, $"initruntime-{name}", new DmTarget(length / SectorSize, type, parameters), readOnly: false);
        _devices.Add(made);
        return made;
    }
}
