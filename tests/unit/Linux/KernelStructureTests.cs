using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using InitRuntime.Linux;
using InitRuntime.Linux.Btrfs;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Tmds.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

/// <summary>The C compiler compares our structures and request numbers with the kernel's own headers.</summary>
public sealed unsafe class KernelStructureTests
{
    [Fact]
    public void Device_mapper_structures_are_those_of_the_header()
    {
        DmIoctl header = default;
        DmTargetSpec spec = default;
        Check(
            "linux/dm-ioctl.h",
            Size<DmIoctl>("struct dm_ioctl"),
            Offset("struct dm_ioctl", "data_size", &header, &header.DataSize),
            Offset("struct dm_ioctl", "data_start", &header, &header.DataStart),
            Offset("struct dm_ioctl", "target_count", &header, &header.TargetCount),
            Offset("struct dm_ioctl", "flags", &header, &header.Flags),
            Offset("struct dm_ioctl", "event_nr", &header, &header.EventNumber),
            Offset("struct dm_ioctl", "dev", &header, &header.Device),
            Offset("struct dm_ioctl", "name", &header, &header.Name),
            Offset("struct dm_ioctl", "uuid", &header, &header.Uuid),
            Size<DmTargetSpec>("struct dm_target_spec"),
            Offset("struct dm_target_spec", "length", &spec, &spec.Length),
            Offset("struct dm_target_spec", "next", &spec, &spec.Next),
            Offset("struct dm_target_spec", "target_type", &spec, &spec.TargetType),
            Equal("DM_DEV_CREATE", 0xc138fd03),
            Equal("DM_TABLE_LOAD", 0xc138fd09));
    }

    [Fact]
    public void The_netlink_address_is_that_of_the_header()
    {
        UeventSocket.SockaddrNl address = default;
        Check(
            "linux/netlink.h",
            Size<UeventSocket.SockaddrNl>("struct sockaddr_nl"),
            Offset("struct sockaddr_nl", "nl_pid", &address, &address.Port),
            Offset("struct sockaddr_nl", "nl_groups", &address, &address.Groups));
    }

    [Fact]
    public void Request_numbers_are_made_as_the_kernel_makes_them()
    {
        Check(
            "linux/fs.h",
            Equal("BLKSSZGET", new Ioctl<int>("", IoctlDirection.None, 0x12, 104).Request),
            Equal("BLKFLSBUF", BlockDeviceCache.Drop.Request),
            Equal("BLKDISCARD", BlockDeviceDiscard.Request.Request),
            Equal("BLKGETSIZE64", new Ioctl<ulong>("", IoctlDirection.Read, 0x12, 114).Request),
            Equal("FS_IOC_GETFLAGS", new Ioctl<long>("", IoctlDirection.Read, (byte)'f', 1).Request),
            Equal("FS_IOC_SETFLAGS", new Ioctl<long>("", IoctlDirection.Write, (byte)'f', 2).Request));
        Check(
            "linux/dm-ioctl.h",
            Equal("DM_TABLE_STATUS", new Ioctl<DmIoctl>("", IoctlDirection.ReadWrite, 0xfd, 12).Request),
            Equal("DM_TABLE_CLEAR", new Ioctl<DmIoctl>("", IoctlDirection.ReadWrite, 0xfd, 10).Request),
            Equal("DM_DEV_STATUS", new Ioctl<DmIoctl>("", IoctlDirection.ReadWrite, 0xfd, 7).Request),
            Equal("DM_DEV_SUSPEND", new Ioctl<DmIoctl>("", IoctlDirection.ReadWrite, 0xfd, 6).Request),
            Equal("DM_DEV_ARM_POLL", new Ioctl<DmIoctl>("", IoctlDirection.ReadWrite, 0xfd, 16).Request),
            Equal("DM_SUSPEND_FLAG", 1 << 1));
    }

    [Fact]
    public void Partition_structures_are_those_of_the_header()
    {
        BlockPartition.PartitionRequest request = default;
        BlockPartition.Partition partition = default;
        Check(
            "linux/blkpg.h",
            Size<BlockPartition.PartitionRequest>("struct blkpg_ioctl_arg"),
            Offset("struct blkpg_ioctl_arg", "datalen", &request, &request.DataLength),
            Offset("struct blkpg_ioctl_arg", "data", &request, &request.Data),
            Size<BlockPartition.Partition>("struct blkpg_partition"),
            Offset("struct blkpg_partition", "length", &partition, &partition.Length),
            Offset("struct blkpg_partition", "pno", &partition, &partition.Number),
            Offset("struct blkpg_partition", "devname", &partition, &partition.DeviceName),
            Offset("struct blkpg_partition", "volname", &partition, &partition.VolumeName),
            Equal("BLKPG", BlockPartition.Request.Request),
            Equal("BLKPG_RESIZE_PARTITION", BlockPartition.ResizeOperation));
    }

    [Fact]
    public void Btrfs_structures_and_requests_are_those_of_the_header()
    {
        BtrfsVolumeArguments volume = default;
        BtrfsSubvolumeArguments subvolume = default;
        BtrfsTime time = default;
        BtrfsReferences references = default;
        BtrfsLookup lookup = default;
        Check(
            "linux/btrfs.h",
            Size<BtrfsVolumeArguments>("struct btrfs_ioctl_vol_args_v2"),
            Offset("struct btrfs_ioctl_vol_args_v2", "transid", &volume, &volume.Transaction),
            Offset("struct btrfs_ioctl_vol_args_v2", "flags", &volume, &volume.Flags),
            Offset("struct btrfs_ioctl_vol_args_v2", "unused", &volume, &volume.Unused),
            Offset("struct btrfs_ioctl_vol_args_v2", "name", &volume, &volume.Name),
            Equal("BTRFS_SUBVOL_NAME_MAX", BtrfsVolumeArguments.LongestName),
            Size<BtrfsEntryName>("((struct btrfs_ioctl_get_subvol_info_args *)0)->name"),
            Size<BtrfsTime>("struct btrfs_ioctl_timespec"),
            Offset("struct btrfs_ioctl_timespec", "nsec", &time, &time.Nanoseconds),
            Size<BtrfsSubvolumeArguments>("struct btrfs_ioctl_get_subvol_info_args"),
            Offset("struct btrfs_ioctl_get_subvol_info_args", "name", &subvolume, &subvolume.Name),
            Offset("struct btrfs_ioctl_get_subvol_info_args", "parent_id", &subvolume, &subvolume.ParentId),
            Offset("struct btrfs_ioctl_get_subvol_info_args", "generation", &subvolume, &subvolume.Generation),
            Offset("struct btrfs_ioctl_get_subvol_info_args", "uuid", &subvolume, &subvolume.Uuid),
            Offset("struct btrfs_ioctl_get_subvol_info_args", "ctransid", &subvolume, &subvolume.ChangeTransaction),
            Offset("struct btrfs_ioctl_get_subvol_info_args", "otime", &subvolume, &subvolume.OriginTime),
            Size<BtrfsReferences>("struct btrfs_ioctl_get_subvol_rootref_args"),
            Size<BtrfsReferences.Reference>("((struct btrfs_ioctl_get_subvol_rootref_args *)0)->rootref[0]"),
            Offset("struct btrfs_ioctl_get_subvol_rootref_args", "rootref", &references, &references.References),
            Offset("struct btrfs_ioctl_get_subvol_rootref_args", "rootref[0].dirid", &references, Of(ref references.References[0].DirectoryId)),
            Offset("struct btrfs_ioctl_get_subvol_rootref_args", "num_items", &references, &references.Count),
            Size<BtrfsLookup>("struct btrfs_ioctl_ino_lookup_user_args"),
            Offset("struct btrfs_ioctl_ino_lookup_user_args", "treeid", &lookup, &lookup.TreeId),
            Offset("struct btrfs_ioctl_ino_lookup_user_args", "name", &lookup, &lookup.Name),
            Offset("struct btrfs_ioctl_ino_lookup_user_args", "path", &lookup, &lookup.Path),
            Equal("BTRFS_IOC_SYNC", BtrfsSubvolume.SyncRequest.Request),
            Equal("BTRFS_IOC_SNAP_CREATE_V2", BtrfsSubvolume.SnapshotRequest.Request),
            Equal("BTRFS_IOC_SUBVOL_CREATE_V2", BtrfsSubvolume.CreateRequest.Request),
            Equal("BTRFS_IOC_GET_SUBVOL_INFO", BtrfsSubvolume.InfoRequest.Request),
            Equal("BTRFS_IOC_GET_SUBVOL_ROOTREF", BtrfsSubvolume.ReferencesRequest.Request),
            Equal("BTRFS_IOC_INO_LOOKUP_USER", BtrfsSubvolume.LookupRequest.Request),
            Equal("BTRFS_IOC_SNAP_DESTROY_V2", BtrfsSubvolume.DeleteRequest.Request));
        Check("linux/btrfs_tree.h", Equal("BTRFS_FIRST_FREE_OBJECTID", (uint)BtrfsSubvolume.RootInode));
        Check("linux/magic.h", Equal("BTRFS_SUPER_MAGIC", (uint)BtrfsSubvolume.FileSystemMagic));
    }

    [Fact]
    public void What_the_kernel_tells_of_files_is_that_of_the_headers()
    {
        StatFs fileSystem = default;
        Check(
            "asm/statfs.h",
            Size<StatFs>("struct statfs"),
            Offset("struct statfs", "f_blocks", &fileSystem, &fileSystem.Blocks),
            Offset("struct statfs", "f_bavail", &fileSystem, &fileSystem.AvailableBlocks),
            Offset("struct statfs", "f_frsize", &fileSystem, &fileSystem.FragmentSize));

        // struct linux_dirent64 is in no header; on 64-bit machines this is the same.
        DirectoryRecord record = default;
        Check(
            "dirent.h",
            Offset("struct dirent", "d_off", &record, &record.Position),
            Offset("struct dirent", "d_reclen", &record, &record.Length),
            Offset("struct dirent", "d_type", &record, &record.Kind),
            Offset("struct dirent", "d_name", &record, &record.FirstOfName),
            Equal("offsetof(struct dirent, d_name)", DirectoryRecord.NameOffset),
            Equal("DT_FIFO", (uint)FileKind.Pipe),
            Equal("DT_CHR", (uint)FileKind.CharacterDevice),
            Equal("DT_DIR", (uint)FileKind.Directory),
            Equal("DT_BLK", (uint)FileKind.BlockDevice),
            Equal("DT_REG", (uint)FileKind.File),
            Equal("DT_LNK", (uint)FileKind.SymbolicLink),
            Equal("DT_SOCK", (uint)FileKind.Socket));
    }

    [Fact]
    public void What_a_child_is_started_with_is_that_of_the_headers()
    {
        Check(
            "spawn.h",
            Size<SpawnFileActions>("posix_spawn_file_actions_t"),
            Size<SpawnAttributes>("posix_spawnattr_t"),
            Size<sigset_t>("sigset_t"),
            Equal("POSIX_SPAWN_SETPGROUP", (uint)Spawn.SetProcessGroup),
            Equal("POSIX_SPAWN_SETSIGDEF", (uint)Spawn.SetDefaultSignals),
            Equal("POSIX_SPAWN_SETSIGMASK", (uint)Spawn.SetSignalMask));
        Check("sys/syscall.h", Equal("SYS_pidfd_open", RunningChild.PidfdOpen));
        Check("sys/wait.h", Equal("WNOHANG", RunningChild.NoHang));
    }

    [Fact]
    public void Terminal_settings_are_those_of_the_header()
    {
        termios settings = default;
        Check(
            "termios.h",
            Size<termios>("struct termios"),
            Offset("struct termios", "c_iflag", &settings, &settings.c_iflag),
            Offset("struct termios", "c_lflag", &settings, &settings.c_lflag),
            Offset("struct termios", "c_cc", &settings, settings.c_cc));
    }

    [Fact]
    public void Other_numbers_are_those_of_the_headers()
    {
        Check(
            "linux/watchdog.h",
            Equal("WDIOC_KEEPALIVE", Watchdog.KeepAlive.Request),
            Equal("WDIOC_SETTIMEOUT", Watchdog.SetTimeoutRequest.Request),
            Equal("WDIOC_KEEPALIVE", 0x80045705),
            Equal("WDIOC_SETTIMEOUT", 0xc0045706));
        Check("time.h", Equal("CLOCK_BOOTTIME", BootTime.Clock));
        Check(
            "linux/keyctl.h",
            Equal("KEYCTL_UNLINK", Keyring.UnlinkCommand),
            Equal("KEY_SPEC_PROCESS_KEYRING", unchecked((uint)Keyring.ProcessKeyring)));
        Check(
            "linux/mount.h",
            Equal("MS_SYNCHRONOUS", (uint)MountFlags.Synchronous),
            Equal("MS_REMOUNT", (uint)MountFlags.Remount),
            Equal("MS_DIRSYNC", (uint)MountFlags.DirectorySynchronous),
            Equal("MS_NOSYMFOLLOW", (uint)MountFlags.NoSymFollow),
            Equal("MS_NOATIME", (uint)MountFlags.NoAccessTime),
            Equal("MS_NODIRATIME", (uint)MountFlags.NoDirectoryAccessTime),
            Equal("MS_BIND | MS_REC", (uint)(MountFlags.Bind | MountFlags.Recursive)),
            Equal("MS_RELATIME", (uint)MountFlags.RelativeAccessTime),
            Equal("MS_STRICTATIME", (uint)MountFlags.StrictAccessTime));
    }

    [Fact]
    public void A_wrong_offset_is_noticed()
    {
        DmIoctl header = default;
        string wrong = Offset("struct dm_ioctl", "name", &header, &header.Uuid);
        Assert.Throws<BuildException>(() => Check("linux/dm-ioctl.h", wrong));
    }

    private static string Size<T>(string type) => $"_Static_assert(sizeof({type}) == {Unsafe.SizeOf<T>()}, \"size of {type}\");";

    private static string Offset(string type, string field, void* structure, void* member) =>
        $"_Static_assert(offsetof({type}, {field}) == {(byte*)member - (byte*)structure}, \"offset of {field}\");";

    private static void* Of<T>(ref T member) => Unsafe.AsPointer(ref member);

    private static string Equal(string constant, uint value) => $"_Static_assert((unsigned)({constant}) == {value}u, \"{constant}\");";

    private static void Check(string header, params IEnumerable<string> assertions)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllLines(
            directory["check.c"], ["#include <stddef.h>", "#include <sys/socket.h>", "#include <sys/ioctl.h>", $"#include <{header}>", .. assertions]);
        new HostCommand("clang", "-fsyntax-only", directory["check.c"]).Run(new PlainLog(TextWriter.Null, showCommands: false));
    }
}
