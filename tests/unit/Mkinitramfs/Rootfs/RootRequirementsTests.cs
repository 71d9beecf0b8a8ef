using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class RootRequirementsTests
{
    private static readonly VolumeSection _escrowed = Manifests.Volume("var", "/var") with
    {
        Settings = Manifests.Volume("var", "/var").Settings with { RecoveryKey = RecoveryKeyUse.Escrow, EscrowProgram = "/opt/escrow" },
    };

    [Fact]
    public void A_root_with_all_programs_passes_and_one_without_volumes_needs_none()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Assert.Null(Problem(directory, Manifests.Small() with { Volumes = [Manifests.Volume("var", "/var")] }));
        Directory.Delete(directory["root/usr/sbin"], recursive: true);
        Assert.Null(Problem(directory, Manifests.Small()));
    }

    [Fact]
    public void All_that_is_missing_is_named_at_once_with_its_package()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.Delete(directory["root/usr/sbin"], recursive: true);
        File.Delete(directory["root/usr/bin/cp"]);
        ImageManifest manifest = Manifests.Small() with
        {
            Rootfs = Manifests.Small().Rootfs with { Suite = "trixie" },
            Volumes = [_escrowed, Manifests.Volume("data", "/data", 64, "ext4"), Manifests.Volume("logs", "/var/log", 316, "xfs")],
        };
        BuildException error = Problem(directory, manifest)!;
        Assert.Equal(
            """
            the root file system lacks what the manifest asks for:
              /usr/sbin/cryptsetup (package cryptsetup-bin): volume var is encrypted
              /usr/sbin/mkfs.btrfs (package btrfs-progs): volume var is btrfs
              /usr/bin/cp (package coreutils): volume var begins with a copy of /var
              /opt/escrow: escrow-program of volume var
              /usr/sbin/mkfs.ext4 (package e2fsprogs): volume data is ext4
              /usr/sbin/e2fsck (package e2fsprogs): volume data is ext4
              /usr/sbin/resize2fs (package e2fsprogs): volume data is ext4
              /usr/sbin/mkfs.xfs (package xfsprogs): volume logs is xfs
              /usr/sbin/xfs_growfs (package xfsprogs): volume logs is xfs
              /usr/sbin/xfs_repair (package xfsprogs): volume logs is xfs
              /data: no such directory; volume data is mounted there
              /var/log: no such directory; volume logs is mounted there
            """,
            error.Message);
        Assert.Equal(
            "add \"cryptsetup-bin\", \"btrfs-progs\", \"coreutils\", \"e2fsprogs\", \"xfsprogs\" to rootfs.packages; "
            + "put the image's own programs into a directory of rootfs.files, with their execute bits; make the directories to mount on by a program of rootfs.scripts",
            error.Hint);
    }

    [Fact]
    public void A_program_is_found_through_links_but_must_be_executable()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.Move(directory["root/usr/sbin"], directory["root/usr/programs"]);
        File.CreateSymbolicLink(directory["root/usr/sbin"], "/usr/programs");
        Directory.CreateDirectory(directory["root/opt"]);
        File.WriteAllText(directory["root/opt/escrow"], "x");
        ImageManifest manifest = Manifests.Small() with { Volumes = [_escrowed] };
        BuildException error = Problem(directory, manifest)!;
        Assert.Equal("  /opt/escrow: escrow-program of volume var", Assert.Single(error.Message.Split('\n')[1..]));
        Assert.Equal("put the image's own programs into the ready-made root, with their execute bits", error.Hint);
        File.SetUnixFileMode(directory["root/opt/escrow"], (UnixFileMode)0x1ed /* 0755 */);
        Assert.Null(Problem(directory, manifest));
    }

    [Theory]
    [InlineData("/usr/lib", null)]
    [InlineData("/tmp", null)]
    [InlineData("/lib", "/lib is a symbolic link to usr/lib, not a directory")]
    [InlineData("/lib/modules", "/lib is a symbolic link to usr/lib, not a directory")]
    [InlineData("/usr/bin/program", "/usr/bin/program is not a directory")]
    [InlineData("/usr/bin/program/x", "/usr/bin/program is not a directory")]
    [InlineData("/srv/data", "no such directory")]
    // What is cleared when the root is made is not there on the device.
    [InlineData("/tmp/left", "no such directory")]
    public void A_volume_is_mounted_on_a_directory_of_the_root_itself(string mount, string? problem)
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.CreateDirectory(directory["root/tmp/left"]);
        string? message = Problem(directory, Manifests.Small() with { Volumes = [Manifests.Volume("v", mount)] })?.Message;
        Assert.Equal(problem is null ? null : $"  {mount}: {problem}; volume v is mounted there", message?.Split('\n').Last());
    }

    [Fact]
    public void A_directory_is_there_when_something_lies_in_it()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.CreateDirectory(directory["root/srv/data"]);
        File.WriteAllText(directory["root/srv/data/file"], "x");
        Tools.Run("sh", "-c", $"cd '{directory["root"]}' && tar -cf '{directory["root.tar"]}' usr srv/data/file");
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        RootRequirements.Check(Manifests.Small() with { Volumes = [Manifests.Volume("v", "/srv/data"), Manifests.Volume("var", "/var")] }, root);
    }

    private static BuildException? Problem(TemporaryDirectory directory, ImageManifest manifest)
    {
        Tools.Run("tar", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        return Record.Exception(() => RootRequirements.Check(manifest, root)) as BuildException;
    }
}
