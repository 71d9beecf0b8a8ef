using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class KernelFileTests
{
    [Fact]
    public void An_absolute_link_is_followed_below_the_other_root()
    {
        using var root = new TemporaryDirectory();
        Directory.CreateDirectory(root["lib/systemd"]);
        Directory.CreateDirectory(root["sbin"]);
        File.WriteAllText(root["lib/systemd/systemd"], "");
        File.CreateSymbolicLink(root["sbin/init"], "/lib/systemd/systemd");
        File.CreateSymbolicLink(root["sbin/broken"], "/lib/nothing");
        File.CreateSymbolicLink(root["sbin/loop"], "loop");
        Assert.True(KernelFile.ExistsBelow(root.Path, "/sbin/init"));
        Assert.False(KernelFile.ExistsBelow(root.Path, "/sbin/broken"));
        Assert.False(KernelFile.ExistsBelow(root.Path, "/sbin/loop"));
        Assert.False(KernelFile.ExistsBelow(root.Path, "/proc/self/status"));
    }

    [Fact]
    public void A_file_over_the_limit_is_refused_and_a_missing_one_is_null()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], new byte[5000]);
        Assert.Equal(5000, KernelFile.ReadAll(directory["file"], 5000).Length);
        Assert.Equal(Errno.EFBIG, Assert.Throws<SyscallException>(() => KernelFile.ReadAll(directory["file"], 4999)).Errno);
        Assert.Null(KernelFile.TryReadAll(directory["none"], 1));
    }

    [Fact]
    public void Bytes_are_written_at_their_place_and_nowhere_else()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["file"], "0123456789");
        using (SafeFileHandle file = KernelFile.Open(directory["file"], write: true))
        {
            KernelFile.WriteAt(file, 3, "abc"u8, "file");
            KernelFile.WriteAt(file, 12, "end"u8, "file");
            KernelFile.WriteAt(file, 0, [], "file");
            KernelFile.Sync(file, "file");
        }

        Assert.Equal("012abc6789\0\0end", File.ReadAllText(directory["file"]));
        using SafeFileHandle reader = KernelFile.Open(directory["file"]);
        Assert.Throws<SyscallException>(() => KernelFile.WriteAt(reader, 0, "x"u8, "file"));
        using SafeFileHandle full = KernelFile.Open("/dev/full", write: true);
        Assert.Equal(Errno.ENOSPC, Error(() => KernelFile.WriteAt(full, 0, "x"u8, "/dev/full")));
    }

    [Fact]
    public void What_cannot_be_synced_says_so()
    {
        using SafeFileHandle device = KernelFile.Open("/dev/null", write: true);
        Assert.Equal(Errno.EINVAL, Error(() => KernelFile.Sync(device, "/dev/null")));
        using var directory = new TemporaryDirectory();
        KernelFile.SyncFileSystem(directory.Path);
        Assert.Equal(Errno.ENOENT, Error(() => KernelFile.SyncFileSystem(directory["none"])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 17)]
    public void A_range_is_copied_whole(int length)
    {
        using var directory = new TemporaryDirectory();
        byte[] bytes = new byte[length + 100];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i % 65521) * 31 >> 5 & 0xff);
        }

        File.WriteAllBytes(directory["from"], bytes);
        File.WriteAllText(directory["to"], "before");
        using SafeFileHandle from = KernelFile.Open(directory["from"]);
        using SafeFileHandle to = KernelFile.Open(directory["to"], write: true);
        KernelFile.Copy(from, 100, to, 6, length, "range");
        Assert.Equal([.. "before"u8, .. bytes.AsSpan(100)], File.ReadAllBytes(directory["to"]));
        Assert.Equal(Errno.EIO, Error(() => KernelFile.Copy(from, 100, to, 6, length + 1, "range")));
    }

    [Fact]
    public void A_path_is_made_renamed_and_removed()
    {
        using var directory = new TemporaryDirectory();
        KernelFile.MakePath(directory["a/b/c"], 0x1c0);
        KernelFile.MakePath(directory["a/b/c/"], 0x1c0);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory["a/b/c"]));
        File.WriteAllText(directory["a/new"], "new");
        File.WriteAllText(directory["a/old"], "older");
        Assert.Equal("older", File.ReadAllText(directory["a/old"]));
        KernelFile.Rename(directory["a/new"], directory["a/old"]);
        Assert.Equal("new", File.ReadAllText(directory["a/old"]));
        Assert.Equal(Errno.ENOENT, Error(() => KernelFile.Rename(directory["a/new"], directory["a/old"])));
        Assert.Equal(Errno.ENOTDIR, Error(() => KernelFile.MakePath(directory["a/old"], 0x1c0)));
        Assert.Equal(Errno.ENOTDIR, Error(() => KernelFile.MakePath(directory["a/old/d"], 0x1c0)));
        KernelFile.Remove(directory["a/old"]);
        KernelFile.Remove(directory["a/old"]);
        Assert.False(File.Exists(directory["a/old"]));
        Assert.Throws<SyscallException>(() => KernelFile.RemoveDirectory(directory["a"]));
        KernelFile.RemoveDirectory(directory["a/b/c"]);
        KernelFile.RemoveDirectory(directory["a/b/c"]);
        Assert.False(Directory.Exists(directory["a/b/c"]));
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;
}
