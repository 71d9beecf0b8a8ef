using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

public class MountTableTests
{
    [Fact]
    public void The_lines_of_the_kernel_are_read_with_and_without_optional_fields()
    {
        IReadOnlyList<MountedFileSystem> mounts = MountTable.Parse(
            "36 35 0:30 /@images/u /var rw,nodev,noatime shared:1 master:2 - btrfs /dev/mapper/var rw,subvol=/@images/u\n"
            + "37 36 254:1 / /mnt/with\\040space\\134 ro - ext4 /dev/a\\011b rw,errors=continue\n"
            + "38 36 0:40 / /var rw - tmpfs none rw\n"
            + "broken\n39 1 0:1 / /x rw\n40 1 0:1 / /x rw - ext4\n");
        Assert.Equal(
            [
                new MountedFileSystem("/var", "btrfs", "/dev/mapper/var", "/@images/u"),
                new MountedFileSystem("/mnt/with space\\", "ext4", "/dev/a\tb", "/"),
                new MountedFileSystem("/var", "tmpfs", "none", "/"),
            ],
            mounts);
        Assert.Equal("tmpfs", MountTable.Find(mounts, "/var")!.Type);
        Assert.Null(MountTable.Find(mounts, "/home"));
    }

    [Fact]
    public void Every_mount_of_this_process_is_found()
    {
        string[] seen = [.. MountTable.Read().Select(mount => mount.MountPoint)];
        Assert.Contains("/proc", seen);
        Assert.Equal(File.ReadLines("/proc/self/mountinfo").Count(), seen.Length);
    }
}
