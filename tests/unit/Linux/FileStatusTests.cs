using System;
using System.Globalization;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

[Collection(HostMounts.Name)]
public sealed class FileStatusTests
{
    [FactAsRoot]
    public void The_status_is_that_of_the_real_stat()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["file"], "12345");
        Directory.CreateDirectory(directory["directory"]);
        File.CreateSymbolicLink(directory["link"], "file");
        Host("mkfifo", directory["pipe"]);
        Host("mknod", directory["whiteout"], "c", "0", "0");
        Host("mknod", directory["large"], "b", "259", "70001");
        Host("chown", "--no-dereference", "12:4000000000", directory["file"], directory["link"]);
        Host("chmod", "6751", directory["file"]);
        Host("chmod", "1777", directory["directory"]);
        foreach ((string name, FileKind kind) in ((string, FileKind)[])[
            ("file", FileKind.File), ("directory", FileKind.Directory), ("link", FileKind.SymbolicLink), ("pipe", FileKind.Pipe),
            ("whiteout", FileKind.CharacterDevice), ("large", FileKind.BlockDevice)])
        {
            FileStatus found = FileStatus.TryOf(directory[name])!.Value;
            string expected = Host("stat", "--format=%a %u %g %s %Hd %Ld %Hr %Lr %i", directory[name]);
            Assert.Equal(kind, found.Kind);
            Assert.Equal(
                expected,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Convert.ToString(found.Mode, 8)} {found.Uid} {found.Gid} {found.Length} {found.DeviceMajor} {found.DeviceMinor} ")
                + string.Create(CultureInfo.InvariantCulture, $"{found.RawMajor} {found.RawMinor} {found.Inode}"));
        }
    }

    [Fact]
    public void What_is_not_there_has_none()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["file"], "");
        File.CreateSymbolicLink(directory["loop"], "loop");
        Assert.Null(FileStatus.TryOf(directory["none"]));
        Assert.Null(FileStatus.TryOf(directory["file/below"]));
        Assert.Equal(FileKind.SymbolicLink, FileStatus.TryOf(directory["loop"])?.Kind);
        Assert.Equal(Errno.ELOOP, Assert.Throws<SyscallException>(() => FileStatus.TryOf(directory["loop/below"])).Errno);
    }

    [FactAsRoot]
    public void The_space_of_a_file_system_is_told()
    {
        using var directory = new TemporaryDirectory();
        Mount.FileSystem("tmpfs", directory.Path, "tmpfs", MountFlags.NoDevices, "size=8m");
        try
        {
            Assert.Equal(new FileSystemSpace(8 << 20, 8 << 20, 0x01021994), FileSystemSpace.Of(directory.Path));
            File.WriteAllBytes(directory["file"], new byte[3 << 20]);
            Assert.Equal(new FileSystemSpace(8 << 20, 5 << 20, 0x01021994), FileSystemSpace.Of(directory["file"]));
            Assert.Equal(Errno.ENOENT, Assert.Throws<SyscallException>(() => FileSystemSpace.Of(directory["none"])).Errno);
        }
        finally
        {
            Mount.Detach(directory.Path);
        }

        string[] expected = Host("stat", "--file-system", "--format=%S %b %t", "/").Split(' ');
        FileSystemSpace root = FileSystemSpace.Of("/");
        Assert.Equal(ulong.Parse(expected[0], CultureInfo.InvariantCulture) * ulong.Parse(expected[1], CultureInfo.InvariantCulture), root.TotalBytes);
        Assert.Equal(expected[2], root.Magic.ToString("x", CultureInfo.InvariantCulture));
    }

    [FactAsRoot]
    public void An_immutable_file_is_removed_as_a_variable_is()
    {
        using var directory = new TemporaryDirectory();
        string path = directory["Name-8be4df61-93ca-11d2-aa0d-00e098032b8c"];
        File.WriteAllText(path, "");
        Host("chattr", "+i", path);
        Assert.Equal(Errno.EPERM, Assert.Throws<SyscallException>(() => KernelFile.Remove(path)).Errno);
        EfiVariables.RemoveFile(path);
        Assert.False(File.Exists(path));
        EfiVariables.RemoveFile(path);
    }

    private static string Host(string program, params string[] arguments) =>
        new HostCommand(program, arguments).RunText(new PlainLog(TextWriter.Null, showCommands: false)).Trim();
}
