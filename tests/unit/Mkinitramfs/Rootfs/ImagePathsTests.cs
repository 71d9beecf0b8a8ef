using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class ImagePathsTests
{
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);
    private static readonly RootChanges _changes = new("test", "1.0", 1735689600) { ImagePaths = ["/var/lib/dpkg", "/var/lib/single"] };
    private static readonly string _longName = new('n', 120);

    [Theory]
    [InlineData("pax", "erofs")]
    [InlineData("pax", "squashfs")]
    [InlineData("gnu", "erofs")]
    [InlineData("gnu", "squashfs")]
    public void What_belongs_to_the_image_is_moved_and_all_links_lead_to_it(string tarFormat, string fileSystem)
    {
        using var directory = new TemporaryDirectory();
        string root = Unpacked(directory, tarFormat, fileSystem);
        string[] links = ["../../usr/lib/initruntime/image/var/lib/dpkg", "../../usr/lib/initruntime/image/var/lib/single"];
        Assert.Equal(links, ((string[])["var/lib/dpkg", "var/lib/single"]).Select(path => new FileInfo(Path.Combine(root, path)).LinkTarget));
        string moved = Path.Combine(root, "usr/lib/initruntime/image/var/lib");
        Assert.Equal("one file", File.ReadAllText(Path.Combine(moved, "single")));
        Assert.Equal("long", File.ReadAllText(Path.Combine(root, "var/lib/dpkg/info", _longName)));
        Assert.Equal((UnixFileMode)0x1c0 /* 0700 */, File.GetUnixFileMode(Path.Combine(moved, "dpkg/private")));
        Assert.Equal((UnixFileMode)0x1ed /* 0755 */, File.GetUnixFileMode(Path.Combine(root, "usr/lib/initruntime/image/var")));
        Assert.Equal("left", File.ReadAllText(Path.Combine(root, "var/lib/dpkg-other")));

        // One file each, under two names of which only one was moved.
        Assert.Equal("2 2", Tools.Run("stat", "-c", "%h", Path.Combine(moved, "dpkg/hard-in"), Path.Combine(root, "usr/hard-out")).Trim().Replace('\n', ' '));
        Assert.Equal("usr", File.ReadAllText(Path.Combine(moved, "dpkg/hard-in")));
        Assert.Equal("var", File.ReadAllText(Path.Combine(root, "usr/hard-two")));

        // Symbolic links, within what was moved and out of it.
        Assert.Equal("status", new FileInfo(Path.Combine(moved, "dpkg/inner")).LinkTarget);
        Assert.Equal("../single", new FileInfo(Path.Combine(moved, "dpkg/other-moved")).LinkTarget);
        Assert.Equal("one file", File.ReadAllText(Path.Combine(moved, "dpkg/other-moved")));
        Assert.Equal("left", File.ReadAllText(Path.Combine(moved, "dpkg/outer")));
        Assert.Equal("left", File.ReadAllText(Path.Combine(moved, $"dpkg/info/{_longName}-link")));
        Assert.Equal("/usr/bin/cp", new FileInfo(Path.Combine(moved, "dpkg/absolute")).LinkTarget);
    }

    [Fact]
    public void Dpkg_finds_its_packages_at_the_new_place()
    {
        using var directory = new TemporaryDirectory();
        string root = Unpacked(directory, "pax", "erofs");
        string packages = Tools.Run("dpkg-query", $"--root={root}", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\n");
        Assert.Equal("hello 1.0 installed\nworld 2.0 installed\n", packages);
        Assert.Contains("/usr/bin/program", Tools.Run("dpkg-query", $"--root={root}", "--listfiles", "hello"), StringComparison.Ordinal);
    }

    [Fact]
    public void Extended_attributes_go_along()
    {
        using var directory = new TemporaryDirectory();
        Make(directory);
        Tools.Run("python3", "-c", "import os,sys; os.setxattr(sys.argv[1], 'user.note', b'a\\x00b\\n')", directory["root/var/lib/dpkg/status"]);
        Tools.Run("tar", "--xattrs", "--sort=name", "--mtime=@0", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar tar = RootTar.Write(source, directory["out.tar"], _changes);
        Directory.CreateDirectory(directory["x"]);
        Tools.Run("tar", "--xattrs", "-xf", tar.Path, "-C", directory["x"]);
        Assert.Equal("b'a\\x00b\\n'", Tools.Run(
            "python3", "-c", "import os,sys; print(os.getxattr(sys.argv[1], 'user.note'))", directory["x/usr/lib/initruntime/image/var/lib/dpkg/status"]).Trim());
    }

    [Fact]
    public void The_same_root_gives_the_same_bytes_and_another_choice_another_digest()
    {
        using var directory = new TemporaryDirectory();
        Make(directory);
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        byte[] first = RootTar.Write(source, directory["1.tar"], _changes).ContentDigest;
        Assert.Equal(first, RootTar.Write(source, directory["2.tar"], _changes).ContentDigest);
        Assert.NotEqual(first, RootTar.Write(source, directory["3.tar"], _changes with { ImagePaths = ["/var/lib/dpkg"] }).ContentDigest);
    }

    [Fact]
    public void A_volume_keeps_what_the_root_has_and_names_what_it_has_not()
    {
        using var directory = new TemporaryDirectory();
        Make(directory);
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        VolumeSection Volume(bool named, params string[] paths)
        {
            VolumeSection volume = Manifests.Volume("var", "/var");
            return volume with { Settings = volume.Settings with { ImagePaths = paths }, ImagePathsAreNamed = named };
        }

        IReadOnlyList<string> Found(VolumeSection volume) => ImagePaths.OfRoot([volume], root)[0].Settings.ImagePaths;
        Assert.Equal(["/var/lib/dpkg", "/var/lib/single"], Found(Volume(true, "/var/lib/dpkg", "/var/lib/single")));
        Assert.Equal(["/var/lib/dpkg"], Found(Volume(false, "/var/lib/pam", "/var/lib/dpkg", "/var/cache/apt/pkgcache.bin", "/var/link")));
        BuildException error = Assert.Throws<BuildException>(() => Found(Volume(true, "/var/lib/pam", "/var/lib/dpkg", "/var/cache/apt/pkgcache.bin", "/var/link")));
        Assert.Equal(
            """
            volume.image-paths names what the root file system does not have:
              /var/lib/pam is not there; volume var has it in image-paths
              /var/cache/apt/pkgcache.bin is left out of every image; volume var has it in image-paths
              /var/link is a symbolic link; volume var has it in image-paths
            """,
            error.Message);
        Assert.NotNull(error.Hint);
    }

    [Fact]
    public void A_directory_without_a_member_of_its_own_is_moved_too()
    {
        using var directory = new TemporaryDirectory();
        Make(directory);
        Tools.Run("sh", "-c", $"cd '{directory["root"]}' && tar --no-recursion -cf '{directory["root.tar"]}' usr usr/lib usr/lib/os-release var/lib/dpkg/status");
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        Assert.Equal(["/var/lib/dpkg"], ImagePaths.OfRoot([Manifests.Volume("var", "/var") with { Settings = Manifests.Volume("var", "/var").Settings with { ImagePaths = ["/var/lib/dpkg"] } }], root)[0].Settings.ImagePaths);
        RootTar.Write(root, directory["out.tar"], _changes with { ImagePaths = ["/var/lib/dpkg"] });
        Directory.CreateDirectory(directory["x"]);
        Tools.Run("tar", "-xf", directory["out.tar"], "-C", directory["x"]);
        Assert.StartsWith("Package", File.ReadAllText(directory["x/var/lib/dpkg/status"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_that_has_something_there_already_is_refused()
    {
        using var directory = new TemporaryDirectory();
        Make(directory);
        Directory.CreateDirectory(directory["root/usr/lib/initruntime/image"]);
        Tools.Run("tar", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        Assert.Contains("/usr/lib/initruntime/image", Assert.Throws<BuildException>(() => RootTar.Write(root, directory["out.tar"], _changes)).Message, StringComparison.Ordinal);
        RootTar.Write(root, directory["out.tar"], _changes with { ImagePaths = [] });
    }

    /// <summary>The small root with dpkg's database, and with links of every kind in and out of it.</summary>
    private static void Make(TemporaryDirectory directory, string tarFormat = "pax")
    {
        SmallRoot.Make(directory, tarFormat);
        string dpkg = directory["root/var/lib/dpkg"];
        Directory.CreateDirectory(Path.Combine(dpkg, "info"));
        Directory.CreateDirectory(Path.Combine(dpkg, "private"), (UnixFileMode)0x1c0);
        File.WriteAllText(Path.Combine(dpkg, "status"), Package("hello", "1.0") + Package("world", "2.0"));
        File.WriteAllText(Path.Combine(dpkg, "info/hello.list"), "/.\n/usr\n/usr/bin\n/usr/bin/program\n");
        File.WriteAllText(Path.Combine(dpkg, "info", _longName), "long");
        File.WriteAllText(directory["root/var/lib/single"], "one file");
        File.WriteAllText(directory["root/var/lib/dpkg-other"], "left");
        File.CreateSymbolicLink(Path.Combine(dpkg, "inner"), "status");
        File.CreateSymbolicLink(Path.Combine(dpkg, "other-moved"), "../single");
        File.CreateSymbolicLink(Path.Combine(dpkg, "outer"), "../dpkg-other");
        File.CreateSymbolicLink(Path.Combine(dpkg, "info", _longName + "-link"), ".././../dpkg-other");
        File.CreateSymbolicLink(Path.Combine(dpkg, "absolute"), "/usr/bin/cp");
        File.CreateSymbolicLink(directory["root/var/link"], "lib");
        File.WriteAllText(directory["root/usr/hard-out"], "usr");
        File.WriteAllText(Path.Combine(dpkg, "a-hard"), "var");
        // The first name that tar meets is the file, the others are links to it.
        Tools.Run("sh", "-c", $"cd '{directory["root"]}' && ln usr/hard-out var/lib/dpkg/hard-in && ln var/lib/dpkg/a-hard usr/hard-two && "
            + $"tar --format={tarFormat} --numeric-owner --owner=0 --group=0 --mtime=@0 -cf '{directory["root.tar"]}' $(ls -d etc lib tmp var) ./usr ./d*");
    }

    private static string Package(string name, string version) =>
        $"Package: {name}\nStatus: install ok installed\nMaintainer: x <x@example.org>\nArchitecture: all\nVersion: {version}\nDescription: x\n\n";

    /// <summary>The files of the root as the file system that is made of it has them.</summary>
    private static string Unpacked(TemporaryDirectory directory, string tarFormat, string fileSystem)
    {
        Make(directory, tarFormat);
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar tar = RootTar.Write(source, directory["out.tar"], _changes);
        RootfsSection rootfs = Manifests.Small().Rootfs with { FileSystem = fileSystem, Compression = "none" };
        RootFileSystem.Write(rootfs, tar.Path, directory["root.img"], new Guid("01234567-89ab-8def-8123-456789abcdef"), 4096, Tools.Tree, _log);
        if (fileSystem == "erofs")
        {
            Tools.Run("fsck.erofs", $"--extract={directory["x"]}", directory["root.img"]);
        }
        else
        {
            Tools.Run("unsquashfs", "-q", "-n", "-d", directory["x"], directory["root.img"]);
        }

        return directory["x"];
    }
}
