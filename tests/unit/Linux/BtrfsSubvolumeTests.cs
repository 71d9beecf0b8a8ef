using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Linux.Btrfs;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

[Collection(HostMounts.Name)]
public sealed class BtrfsSubvolumeTests
{
    [FactWithBtrfs]
    public void Only_the_root_directory_of_a_subvolume_is_one()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["a"]);
        Directory.CreateDirectory(disk["a/directory"]);
        File.WriteAllText(disk["a/file"], "");
        File.CreateSymbolicLink(disk["link"], "a");
        Assert.True(BtrfsSubvolume.Is(disk["a"]));
        Assert.True(BtrfsSubvolume.Is(disk["a/"]));
        Assert.True(BtrfsSubvolume.Is(disk.Path));
        foreach (string none in (string[])["a/directory", "a/file", "link", "none", "a/file/below"])
        {
            Assert.False(BtrfsSubvolume.Is(disk[none]));
        }

        Assert.False(BtrfsSubvolume.Is("/"));
        Assert.Equal(BtrfsSubvolume.FileSystemMagic, FileSystemSpace.Of(disk.Path).Magic);
    }

    [FactWithBtrfs]
    public void The_tools_see_what_was_made_and_the_info_is_theirs()
    {
        using var disk = new BtrfsDisk();
        Directory.CreateDirectory(disk["@images"]);
        BtrfsSubvolume.Create(disk["@images/größe"]);
        BtrfsSubvolume.Create(disk["@images/größe/below"]);
        Assert.Equal(["@images/größe", "@images/größe/below"], disk.Listed());
        foreach (string name in (string[])["@images/größe", "@images/größe/below", ""])
        {
            BtrfsSubvolumeInfo info = BtrfsSubvolume.InfoOf(disk[name]);
            string shown = Host("btrfs", "subvolume", "show", disk[name]);
            Assert.Equal(Field(shown, "Subvolume ID:"), info.Id.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(Field(shown, "Generation:"), info.Generation.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(Field(shown, "Parent ID:"), info.ParentId.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(
                DateTimeOffset.Parse(Field(shown, "Creation time:"), CultureInfo.InvariantCulture).ToUnixTimeSeconds(),
                info.Created.ToUnixTimeSeconds());
            Assert.InRange(info.Created, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(1));
        }

        Assert.Equal(5ul, BtrfsSubvolume.InfoOf(disk.Path).Id);
        Assert.Equal(Errno.EINVAL, Error(() => BtrfsSubvolume.InfoOf(disk["@images"])));
        Assert.Equal(Errno.ENOENT, Error(() => BtrfsSubvolume.InfoOf(disk["none"])));
    }

    [FactWithBtrfs]
    public void What_cannot_be_made_says_why()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["a"]);
        Assert.Equal(Errno.EEXIST, Error(() => BtrfsSubvolume.Create(disk["a"])));
        Assert.Equal(Errno.ENOENT, Error(() => BtrfsSubvolume.Create(disk["none/a"])));
        Assert.Equal(Errno.ENOTTY, Error(() => BtrfsSubvolume.Create("/tmp/a")));
        Assert.Equal(Errno.ENOTTY, Error(() => BtrfsSubvolume.Sync("/")));
        Assert.Equal(Errno.ENAMETOOLONG, Error(() => BtrfsSubvolume.Create(disk[new string('n', 256)])));
        BtrfsSubvolume.Create(disk[new string('n', 255)]);
        Assert.Equal(Errno.ENAMETOOLONG, Error(() => BtrfsSubvolume.Create(disk[new string('n', 4039)])));
        Assert.Throws<ArgumentException>(() => BtrfsSubvolume.Create(disk[new string('n', 4040)]));
        Assert.Throws<ArgumentException>(() => BtrfsSubvolume.Create(disk[new string('ü', 2020)]));
        Assert.Throws<ArgumentException>(() => BtrfsSubvolume.Create(disk["a/.."]));
        Assert.Throws<ArgumentException>(() => BtrfsSubvolume.TryDelete(disk[new string('n', 4040)]));
        Assert.Throws<ArgumentException>(() => BtrfsSubvolume.TryDelete("/"));
    }

    [FactWithBtrfs]
    public void A_snapshot_has_what_was_written_and_goes_its_own_way()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["from"]);
        BtrfsSubvolume.Create(disk["from/nested"]);
        File.WriteAllText(disk["from/nested/file"], "not in the snapshot");
        File.WriteAllText(disk["from/file"], "before");
        BtrfsSubvolume.Snapshot(disk["from"], disk["to"]);
        Assert.Equal("before", File.ReadAllText(disk["to/file"]));
        File.WriteAllText(disk["to/file"], "after");
        Assert.Equal("before", File.ReadAllText(disk["from/file"]));
        Assert.Empty(Directory.GetFileSystemEntries(disk["to/nested"]));
        Assert.False(BtrfsSubvolume.Is(disk["to/nested"]));
        Assert.Empty(BtrfsSubvolume.Nested(disk["to"]));
        Assert.Equal(Errno.EEXIST, Error(() => BtrfsSubvolume.Snapshot(disk["from"], disk["to"])));
        Assert.Equal(Errno.ENOENT, Error(() => BtrfsSubvolume.Snapshot(disk["none"], disk["new"])));
        Assert.Equal(Errno.EINVAL, Error(() => BtrfsSubvolume.Snapshot(disk["to/nested"], disk["new"])));
        Directory.CreateDirectory(disk["directory"]);
        Assert.Equal(Errno.EINVAL, Error(() => BtrfsSubvolume.Snapshot(disk["directory"], disk["new"])));
        using var other = new BtrfsDisk();
        Assert.Equal(Errno.EXDEV, Error(() => BtrfsSubvolume.Snapshot(disk["from"], other["to"])));
    }

    [FactWithBtrfs]
    public void A_snapshot_is_on_the_disk_when_it_is_made()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["from"]);
        File.WriteAllText(disk["from/file"], "written");
        BtrfsSubvolume.Snapshot(disk["from"], disk["to"]);
        using BtrfsDisk copy = disk.Copy();
        Assert.Equal("written", File.ReadAllText(copy["to/file"]));
        File.WriteAllText(disk["to/file"], "changed");
        BtrfsSubvolume.Sync(disk.Path);
        using BtrfsDisk later = disk.Copy();
        Assert.Equal("changed", File.ReadAllText(later["to/file"]));
    }

    [FactWithBtrfs]
    public void The_subvolume_that_was_used_last_has_the_highest_generation()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["old"]);
        BtrfsSubvolume.Snapshot(disk["old"], disk["new"]);
        ulong both = Generation("old");
        Assert.True(Generation("new") >= both);
        File.WriteAllText(disk["old/file"], "");
        BtrfsSubvolume.Sync(disk.Path);
        Assert.True(Generation("old") > Generation("new"));
        File.WriteAllText(disk["new/file"], "");
        BtrfsSubvolume.Sync(disk.Path);
        Assert.True(Generation("new") > Generation("old"));

        ulong Generation(string name) => BtrfsSubvolume.InfoOf(disk[name]).Generation;
    }

    [FactWithBtrfs]
    public void A_subvolume_goes_with_its_files_once_none_is_in_it()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["a"]);
        BtrfsSubvolume.Create(disk["a/below"]);
        File.WriteAllText(disk["a/file"], "");
        Assert.False(BtrfsSubvolume.TryDelete(disk["a"]));
        Assert.True(File.Exists(disk["a/file"]));
        Assert.True(BtrfsSubvolume.TryDelete(disk["a/below"]));
        Assert.True(BtrfsSubvolume.TryDelete(disk["a/"]));
        Assert.False(Directory.Exists(disk["a"]));
        Assert.Empty(disk.Listed());
        Directory.CreateDirectory(disk["directory"]);
        File.WriteAllText(disk["file"], "");
        BtrfsSubvolume.Create(disk["kept"]);
        File.CreateSymbolicLink(disk["link"], "kept");
        Assert.Equal(Errno.EINVAL, Error(() => BtrfsSubvolume.TryDelete(disk["directory"])));
        Assert.Equal(Errno.ENOTDIR, Error(() => BtrfsSubvolume.TryDelete(disk["file"])));
        Assert.Equal(Errno.ENOTDIR, Error(() => BtrfsSubvolume.TryDelete(disk["link"])));
        Assert.Equal(Errno.ENOENT, Error(() => BtrfsSubvolume.TryDelete(disk["none"])));
        Assert.Equal(["kept"], disk.Listed());
    }

    [FactWithBtrfs]
    public void A_read_only_subvolume_goes_too()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["a"]);
        File.WriteAllText(disk["a/file"], "");
        Host("btrfs", "property", "set", disk["a"], "ro", "true");
        Assert.Equal(Errno.EROFS, Error(() => KernelFile.Create(disk["a/new"], [], 0x1a4)));
        Assert.True(BtrfsSubvolume.TryDelete(disk["a"]));
        Assert.Empty(disk.Listed());
    }

    [FactWithBtrfs]
    public void A_mount_does_not_keep_a_subvolume_and_being_the_default_does()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["mounted"]);
        Mount.Bind(disk["mounted"], disk["mounted"]);
        Assert.True(BtrfsSubvolume.TryDelete(disk["mounted"]));
        Assert.DoesNotContain(disk["mounted"], KernelFile.TryReadText("/proc/self/mounts")!);
        BtrfsSubvolume.Create(disk["default"]);
        Host("btrfs", "subvolume", "set-default", disk["default"]);
        Assert.Equal(Errno.EPERM, Error(() => BtrfsSubvolume.TryDelete(disk["default"])));
        Mount.Remount(disk.Path, MountFlags.ReadOnly);
        Assert.Equal(Errno.EROFS, Error(() => BtrfsSubvolume.TryDelete(disk["default"])));
    }

    [FactWithBtrfs]
    public void Subvolumes_in_a_subvolume_are_told_by_their_paths()
    {
        using var disk = new BtrfsDisk();
        Directory.CreateDirectory(disk["@shared/lib"]);
        foreach (string name in (string[])["b", "@shared/lib/docker", "@shared/a", "b/deeper", "b/deeper/deepest", "caf\udce9"])
        {
            BtrfsSubvolume.Create(disk[name]);
        }

        Assert.Equal(["@shared/a", "@shared/lib/docker", "b", "caf\udce9"], BtrfsSubvolume.Nested(disk.Path));
        Assert.Equal(["deeper"], BtrfsSubvolume.Nested(disk["b"]));
        Assert.Equal(["deepest"], BtrfsSubvolume.Nested(disk["b/deeper"]));
        Assert.Empty(BtrfsSubvolume.Nested(disk["b/deeper/deepest"]));
        Assert.Equal(Errno.EINVAL, Error(() => BtrfsSubvolume.Nested(disk["@shared"])));
        Assert.True(BtrfsSubvolume.TryDelete(disk["caf\udce9"]));
        Assert.Equal(3, BtrfsSubvolume.Nested(disk.Path).Count);
    }

    [FactWithBtrfs]
    public void More_subvolumes_than_one_request_tells_are_all_told()
    {
        using var disk = new BtrfsDisk();
        BtrfsSubvolume.Create(disk["a"]);
        var expected = new List<string>();
        for (int i = 0; i < 520; i++)
        {
            expected.Add($"{i:d4}");
            BtrfsSubvolume.Create(disk[$"a/{i:d4}"]);
            if (i is 254 or 255 or 509 or 510)
            {
                Assert.Equal(i + 1, BtrfsSubvolume.Nested(disk["a"]).Count);
            }
        }

        Assert.Equal(expected, BtrfsSubvolume.Nested(disk["a"]));
    }

    [FactWithBtrfs]
    public void A_tree_is_not_removed_over_a_subvolume_in_it()
    {
        using var disk = new BtrfsDisk();
        Directory.CreateDirectory(disk["tree/a"]);
        BtrfsSubvolume.Create(disk["tree/a/subvolume"]);
        File.WriteAllText(disk["tree/a/subvolume/file"], "kept");
        SyscallException error = Assert.Throws<SyscallException>(() => FileTree.Remove(disk["tree"]));
        Assert.Equal((Errno.EXDEV, disk["tree/a/subvolume"]), (error.Errno, error.Subject));
        Assert.Equal("kept", File.ReadAllText(disk["tree/a/subvolume/file"]));
        FileTree.Remove(disk["tree/a/subvolume"]);
        FileTree.Remove(disk["tree"]);
        Assert.Empty(disk.Listed());
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;

    private static string Field(string shown, string name)
    {
        foreach (string line in shown.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[name.Length..].Trim();
            }
        }

        return $"no {name}";
    }

    private static string Host(string tool, params string[] arguments) => Tools.Run(tool, arguments);

    /// <summary>A btrfs of 128 MiB, mounted at its top level.</summary>
    private sealed class BtrfsDisk : IDisposable
    {
        private const string Image = "disk";

        private readonly TemporaryDirectory _directory = new();

        internal BtrfsDisk()
            : this(null)
        {
        }

        private BtrfsDisk(string? example)
        {
            if (example is null)
            {
                using (FileStream file = File.Create(_directory[Image]))
                {
                    file.SetLength(128 << 20);
                }

                Host("mkfs.btrfs", "--quiet", "--mixed", _directory[Image]);
            }
            else
            {
                Program("cp", "--sparse=always", example, _directory[Image]);
                Host("btrfstune", "-f", "-m", _directory[Image]); // Two file systems of one UUID cannot be mounted.
            }

            Directory.CreateDirectory(Path);
            Program("mount", "-o", "loop", _directory[Image], Path);
        }

        internal string Path => _directory["mounted"];

        internal string this[string name] => $"{Path}/{name}";

        /// <summary>What a loss of power would leave.</summary>
        internal BtrfsDisk Copy() => new(_directory[Image]);

        /// <summary>All subvolumes, as the tools know them.</summary>
        internal string[] Listed()
        {
            var paths = new List<string>();
            foreach (string line in Host("btrfs", "subvolume", "list", Path).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                paths.Add(line[(line.IndexOf(" path ", StringComparison.Ordinal) + 6)..]);
            }

            paths.Sort(StringComparer.Ordinal);
            return [.. paths];
        }

        public void Dispose()
        {
            // Not unmount: the child that another test starts holds our descriptors until its exec, and then it is busy.
            Mount.Detach(Path);
            _directory.Dispose();
        }

        private static void Program(string program, params string[] arguments) =>
            new HostCommand(program, arguments).Run(new PlainLog(TextWriter.Null, showCommands: false));
    }
}
