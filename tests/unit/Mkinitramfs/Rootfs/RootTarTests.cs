using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class RootTarTests
{
    private static readonly RootChanges _changes = new("test", "1.0", 1735689600);
    private static readonly Guid _uuid = new("01234567-89ab-8def-8123-456789abcdef");

    [Fact]
    public void The_image_holds_the_root_without_what_belongs_to_one_machine()
    {
        using var directory = new TemporaryDirectory();
        RootTar tar = Write(directory, "out.tar");
        tar.WriteUuid(_uuid);
        Tools.Run("sh", "-c", $"mkdir '{directory["x"]}' && tar -xf '{tar.Path}' -C '{directory["x"]}'");
        string root = directory["x"];
        Assert.Equal(
            $"ID=debian\nIMAGE_ID=test\nIMAGE_VERSION=1.0\nIMAGE_UUID={_uuid}\n", File.ReadAllText(Path.Combine(root, "usr/lib/os-release")));
        Assert.Equal("", File.ReadAllText(Path.Combine(root, "etc/machine-id")));
        Assert.Equal(new byte[100_000], File.ReadAllBytes(Path.Combine(root, "usr/bin/program")));
        Assert.All(
            ["boot", "dev", "proc", "run", "sys", "tmp", "var/cache/apt"], path => Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(root, path))));
        Assert.False(Path.Exists(Path.Combine(root, "vmlinuz")));
        Assert.False(File.Exists(Path.Combine(root, "var/lib/systemd/random-seed")));
        Assert.Equal("../usr/lib/os-release", new FileInfo(Path.Combine(root, "etc/os-release")).LinkTarget);
    }

    [Fact]
    public void The_same_root_gives_the_same_bytes_and_another_one_another_digest()
    {
        using var directory = new TemporaryDirectory();
        RootTar first = Write(directory, "1.tar");
        RootTar second = Write(directory, "2.tar");
        Assert.Equal(File.ReadAllBytes(first.Path), File.ReadAllBytes(second.Path));
        Assert.Equal(first.ContentDigest, second.ContentDigest);
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        Assert.NotEqual(first.ContentDigest, RootTar.Write(source, directory["3.tar"], _changes with { ImageVersion = "1.1" }).ContentDigest);
    }

    [Fact]
    public void What_the_build_adds_has_directories_and_counts_for_the_digest()
    {
        using var directory = new TemporaryDirectory();
        RootTar plain = Write(directory, "1.tar");
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar added = RootTar.Write(
            source,
            directory["2.tar"],
            _changes with { Added = [new AddedFile("usr/lib/new/b.ko", [2]), new AddedFile("usr/lib/new/a.ko", [1]), new AddedFile("usr/bin/program", [3], IsProgram: true)] });
        Assert.NotEqual(plain.ContentDigest, added.ContentDigest);
        Assert.Equal(
            "drwxr-xr-x 0/0 ./usr/lib/new/\n-rwxr-xr-x 0/0 ./usr/bin/program\n-rw-r--r-- 0/0 ./usr/lib/new/a.ko\n-rw-r--r-- 0/0 ./usr/lib/new/b.ko\n",
            Tools.Run("sh", "-c", $"tar --numeric-owner -tvf '{added.Path}' | grep -e program -e new | awk '{{print $1, $2, $NF}}'"));
    }

    [Fact]
    public void An_archive_without_os_release_is_no_root()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["empty"]);
        Tools.Run("tar", "-cf", directory["root.tar"], "-C", directory["empty"], ".");
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        Assert.Contains("usr/lib/os-release", Assert.Throws<BuildException>(() => RootTar.Write(source, directory["o"], _changes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hard_link_to_what_is_left_out_is_refused()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["r/usr/lib"]);
        Directory.CreateDirectory(directory["r/boot"]);
        File.WriteAllText(directory["r/usr/lib/os-release"], "ID=x\n");
        File.WriteAllText(directory["r/boot/kernel"], "k");
        Tools.Run("sh", "-c", $"cd '{directory["r"]}' && ln boot/kernel usr/kernel && tar --sort=name -cf '{directory["root.tar"]}' .");
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        Assert.Contains("hard link", Assert.Throws<BuildException>(() => RootTar.Write(source, directory["o"], _changes)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.0", "1.0")]
    [InlineData("1.0~rc1+b2", "\"1.0~rc1+b2\"")]
    [InlineData("a\"$`\\", "\"a\\\"\\$\\`\\\\\"")]
    public void A_shell_reads_the_version_back(string version, string written)
    {
        string text = OsRelease.WithImage("ID=debian\n", "test", version, Guid.Empty);
        Assert.Contains($"IMAGE_VERSION={written}\n", text, StringComparison.Ordinal);
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["os-release"], text);
        Assert.Equal(version, Tools.Run("sh", "-c", $". '{directory["os-release"]}'; printf %s \"$IMAGE_VERSION\""));
    }

    private static RootTar Write(TemporaryDirectory directory, string name)
    {
        string tar = File.Exists(directory["root.tar"]) ? directory["root.tar"] : SmallRoot.Make(directory);
        using TarArchive source = TarArchive.Open(tar);
        return RootTar.Write(source, directory[name], _changes);
    }
}
