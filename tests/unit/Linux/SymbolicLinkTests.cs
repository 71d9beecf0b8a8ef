using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class SymbolicLinkTests
{
    [Fact]
    public void A_link_is_read_as_it_is_written_and_nothing_else_is_one()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["file"], "");
        File.CreateSymbolicLink(directory["link"], "../some where/./else/");
        KernelFile.MakeLink(directory["bytes"], "\udcff/ü");
        KernelFile.MakeLink(directory["long"], new string('l', 4095));
        Assert.Equal("../some where/./else/", SymbolicLink.TryRead(directory["link"]));
        Assert.Equal("\udcff/ü", SymbolicLink.TryRead(directory["bytes"]));
        Assert.Equal(4095, SymbolicLink.TryRead(directory["long"])!.Length);
        foreach (string none in (string[])["", "file", "file/below", "none"])
        {
            Assert.Null(SymbolicLink.TryRead(directory[none]));
        }
    }

    [Fact]
    public void A_link_takes_the_place_of_a_link_or_file_and_of_no_directory()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["file"], "");
        File.CreateSymbolicLink(directory[".initruntime-link"], "left by a loss of power");
        SymbolicLink.Replace(directory["file"], "first");
        Assert.Equal("first", SymbolicLink.TryRead(directory["file"]));
        SymbolicLink.Replace(directory["file"] + "/", "second");
        Assert.Equal("second", SymbolicLink.TryRead(directory["file"]));
        SymbolicLink.Replace(directory["new"], "third");
        Assert.Equal("third", SymbolicLink.TryRead(directory["new"]));
        Directory.CreateDirectory(directory["directory"]);
        Assert.Equal(Errno.EISDIR, Error(() => SymbolicLink.Replace(directory["directory"], "fourth")));
        Assert.Equal(Errno.ENOENT, Error(() => SymbolicLink.Replace(directory["none/link"], "fifth")));
        Assert.Throws<ArgumentException>(() => SymbolicLink.Replace(directory["directory/.."], "sixth"));
        Assert.Equal([directory["directory"], directory["file"], directory["new"]], Sorted(Directory.GetFileSystemEntries(directory.Path)));
    }

    [Fact]
    public void A_link_that_is_right_stays_the_same()
    {
        using var directory = new TemporaryDirectory();
        SymbolicLink.Replace(directory["link"], "target");
        ulong before = FileStatus.TryOf(directory["link"])!.Value.Inode;
        SymbolicLink.Replace(directory["link"], "target");
        Assert.Equal(before, FileStatus.TryOf(directory["link"])!.Value.Inode);
        SymbolicLink.Replace(directory["link"], "other");
        Assert.NotEqual(before, FileStatus.TryOf(directory["link"])!.Value.Inode);
    }

    private static string[] Sorted(string[] names)
    {
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;
}
