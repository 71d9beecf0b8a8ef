using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

[Collection(HostMounts.Name)]
public sealed class FileTreeTests
{
    [Fact]
    public void A_tree_goes_and_what_its_links_point_to_stays()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["kept/below"]);
        File.WriteAllText(directory["kept/below/file"], "kept");
        Directory.CreateDirectory(directory["tree/a/b/c"]);
        Directory.CreateDirectory(directory["tree/a/empty"]);
        File.WriteAllText(directory["tree/a/b/c/file"], "");
        File.CreateSymbolicLink(directory["tree/a/link"], directory["kept"]);
        File.CreateSymbolicLink(directory["tree/dangling"], "nowhere");
        KernelFile.Create(directory["tree/\udcff"], [], 0x1a4);
        KernelFile.MakeDirectory(directory["tree/\udc80"], 0x1ed);
        KernelFile.Create(directory["tree/\udc80/file"], [], 0x1a4);
        FileTree.Remove(directory["tree"] + "/");
        Assert.False(Directory.Exists(directory["tree"]));
        Assert.Equal("kept", File.ReadAllText(directory["kept/below/file"]));
        FileTree.Remove(directory["tree"]);
        FileTree.Remove(directory["none/tree"]);
    }

    [Fact]
    public void What_is_no_directory_is_removed_itself()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["kept"]);
        File.WriteAllText(directory["kept/file"], "");
        File.CreateSymbolicLink(directory["link"], "kept");
        FileTree.Remove(directory["link"]);
        Assert.Null(FileStatus.TryOf(directory["link"]));
        FileTree.Remove(directory["kept/file"]);
        Assert.Equal([directory["kept"]], Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public void Many_entries_and_many_directories_go_and_the_watchdog_hears_of_it()
    {
        using var directory = new TemporaryDirectory();
        for (int i = 0; i < 3000; i++)
        {
            Directory.CreateDirectory(directory[$"tree/{i}"]);
            File.WriteAllText(directory[$"tree/{i % 7}/file-{i}"], "");
        }

        int steps = 0;
        FileTree.Remove(directory["tree"], () => steps++);
        Assert.Equal(6, steps);
        Assert.False(Directory.Exists(directory["tree"]));
    }

    [Fact]
    public void A_tree_deeper_than_any_path_and_than_descriptors_goes()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["tree"]);
        for (int depth = 0; depth < 2000; depth++)
        {
            Directory.CreateDirectory(directory["above"]);
            File.WriteAllText(directory["above/file"], "");
            Directory.Move(directory["tree"], directory["above/0123456789"]);
            Directory.Move(directory["above"], directory["tree"]);
        }

        FileTree.Remove(directory["tree"]);
        Assert.False(Directory.Exists(directory["tree"]));
    }

    [Fact]
    public void What_names_no_entry_is_refused()
    {
        foreach (string path in (string[])["/", "", ".", "..", "/tmp/..", "/tmp/."])
        {
            Assert.Throws<ArgumentException>(() => FileTree.Remove(path));
        }
    }

    [FactAsRoot]
    public void A_mount_stops_the_removal()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["tree/a/mounted"]);
        Directory.CreateDirectory(directory["elsewhere"]);
        File.WriteAllText(directory["elsewhere/file"], "kept");
        foreach (bool sameFileSystem in (bool[])[false, true])
        {
            if (sameFileSystem)
            {
                Mount.Bind(directory["elsewhere"], directory["tree/a/mounted"]);
            }
            else
            {
                Mount.FileSystem("tmpfs", directory["tree/a/mounted"], "tmpfs", MountFlags.NoDevices);
                File.WriteAllText(directory["tree/a/mounted/file"], "kept");
            }

            try
            {
                foreach (string top in (string[])["tree", "tree/a/mounted"])
                {
                    SyscallException error = Assert.Throws<SyscallException>(() => FileTree.Remove(directory[top]));
                    Assert.Equal((Errno.EXDEV, directory["tree/a/mounted"]), (error.Errno, error.Subject));
                    Assert.Equal("kept", File.ReadAllText(directory["tree/a/mounted/file"]));
                }
            }
            finally
            {
                Mount.Detach(directory["tree/a/mounted"]);
            }
        }

        Assert.Equal("kept", File.ReadAllText(directory["elsewhere/file"]));
        FileTree.Remove(directory["tree"]);
        Assert.False(Directory.Exists(directory["tree"]));
    }

    [FactAsRoot]
    public void A_mounted_file_stops_the_removal()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["tree"]);
        File.WriteAllText(directory["tree/mounted"], "");
        File.WriteAllText(directory["file"], "kept");
        Mount.Bind(directory["file"], directory["tree/mounted"]);
        try
        {
            Assert.Equal(Errno.EBUSY, Assert.Throws<SyscallException>(() => FileTree.Remove(directory["tree"])).Errno);
        }
        finally
        {
            Mount.Detach(directory["tree/mounted"]);
        }

        Assert.Equal("kept", File.ReadAllText(directory["file"]));
    }

    [FactAsRoot]
    public void What_may_not_be_removed_is_named()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["tree/a"]);
        File.WriteAllText(directory["tree/a/file"], "");
        Host("chattr", "+i", directory["tree/a/file"]);
        SyscallException error = Assert.Throws<SyscallException>(() => FileTree.Remove(directory["tree"]));
        Host("chattr", "-i", directory["tree/a/file"]);
        Assert.Equal(("unlinkat", directory["tree/a/file"], Errno.EPERM), (error.Call, error.Subject, error.Errno));
    }

    [Fact]
    public void A_directory_that_is_moved_away_does_not_lead_elsewhere()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["elsewhere/kept"]);
        Directory.CreateDirectory(directory["tree/a/b"]);
        for (int i = 0; i < FileTree.EntriesBetweenSteps; i++)
        {
            File.WriteAllText(directory[$"tree/a/b/{i}"], "");
        }

        SyscallException error = Assert.Throws<SyscallException>(
            () => FileTree.Remove(directory["tree"], () => Directory.Move(directory["tree/a/b"], directory["elsewhere/b"])));
        Assert.Equal(Errno.ESTALE, error.Errno);
        Assert.True(Directory.Exists(directory["elsewhere/kept"]));
    }

    private static void Host(string program, params string[] arguments) =>
        new HostCommand(program, arguments).Run(new PlainLog(TextWriter.Null, showCommands: false));
}
