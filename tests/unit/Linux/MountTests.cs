using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

[Collection(HostMounts.Name)]
public sealed class MountTests
{
    [Theory]
    [InlineData("", MountFlags.None, "")]
    [InlineData("defaults,rw", MountFlags.None, "")]
    [InlineData("nodev,nosuid,noexec,ro", MountFlags.NoDevices | MountFlags.NoSetUid | MountFlags.NoExecute | MountFlags.ReadOnly, "")]
    [InlineData("noatime,nodiratime", MountFlags.NoAccessTime | MountFlags.NoDirectoryAccessTime, "")]
    [InlineData("sync,dirsync,strictatime", MountFlags.Synchronous | MountFlags.DirectorySynchronous | MountFlags.StrictAccessTime, "")]
    [InlineData("nosymfollow,relatime", MountFlags.NoSymFollow | MountFlags.RelativeAccessTime, "")]
    [InlineData("compress=zstd, noatime,,subvol=/state", MountFlags.NoAccessTime, "compress=zstd,subvol=/state")]
    [InlineData("NoDev,nodev=1", MountFlags.None, "NoDev,nodev=1")]
    public void Options_are_parted_into_flags_and_data(string options, MountFlags flags, string data) =>
        Assert.Equal((flags, data), Mount.ParseOptions(options));

    [FactAsRoot]
    public void A_bound_directory_shows_the_same_files_until_it_is_unmounted()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["from/below"]);
        Directory.CreateDirectory(directory["to"]);
        Mount.FileSystem("tmpfs", directory["from/below"], "tmpfs", MountFlags.NoDevices);
        try
        {
            Mount.MakePrivate(directory["from/below"]);
            File.WriteAllText(directory["from/below/file"], "bound");
            Mount.BindRecursive(directory["from"], directory["to"]);
            Assert.Equal("bound", File.ReadAllText(directory["to/below/file"]));
            Assert.Equal(Errno.EBUSY, Assert.Throws<SyscallException>(() => Mount.Unmount(directory["to"])).Errno);
            Mount.Unmount(directory["to/below"]);
            Mount.Remount(directory["to"], MountFlags.Bind | MountFlags.ReadOnly);
            Assert.Equal(Errno.EROFS, Assert.Throws<SyscallException>(() => KernelFile.Create(directory["to/new"], [], 0x1a4)).Errno);
            KernelFile.Create(directory["from/new"], [], 0x1a4);
            Mount.Unmount(directory["to"]);
            Assert.False(File.Exists(directory["to/new"]));
        }
        finally
        {
            Mount.Unmount(directory["from/below"]);
        }
    }
}
