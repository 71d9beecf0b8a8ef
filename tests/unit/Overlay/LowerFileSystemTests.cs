using System;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Overlay;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using InitRuntime.Unit.Mkinitramfs.Rootfs;
using Xunit;

namespace InitRuntime.Unit.Overlay;

/// <summary>Layers on the file systems of volumes, over images as the build makes them: one image after the other.</summary>
[Collection(HostMounts.Name)]
public sealed class LowerFileSystemTests
{
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);
    private static readonly OverlaySettings _etc = new() { Path = "/etc", Upper = OverlayUpper.Shared, Volume = "data" };

    [TheoryWithLoopOverlay]
    [InlineData("erofs", "ext4")]
    [InlineData("erofs", "xfs")]
    [InlineData("erofs", "btrfs")]
    [InlineData("squashfs", "ext4")]
    [InlineData("squashfs", "btrfs")]
    public void A_layer_stays_valid_over_every_later_image(string lower, string upper)
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.CreateDirectory(directory["root/etc/d"]);
        Directory.CreateDirectory(directory["root/data"]);
        File.WriteAllText(directory["root/etc/appended"], "1\n");
        File.WriteAllText(directory["root/etc/other"], "1\n");
        File.WriteAllText(directory["root/etc/d/linked"], "1\n");
        File.WriteAllText(directory["root/etc/d/left"], "1\n");
        Tools.Run("ln", directory["root/etc/d/linked"], directory["root/etc/link"]);
        Image(directory, lower, "a");
        // Other numbers for all inodes, and other contents for some names.
        File.WriteAllText(directory["root/etc/0-first"], "2\n");
        File.WriteAllText(directory["root/etc/appended"], "2\n");
        File.WriteAllText(directory["root/etc/d/left"], "2\n");
        File.WriteAllText(directory["root/etc/d/new"], "2\n");
        Directory.CreateDirectory(directory["root/etc/own"]);
        File.WriteAllText(directory["root/etc/own/new"], "2\n");
        File.Delete(directory["root/etc/link"]);
        Image(directory, lower, "b");
        using (FileStream file = File.Create(directory["volume"]))
        {
            file.SetLength(400L << 20);
        }

        Tools.Run($"mkfs.{upper}", "-q", directory["volume"]);
        using var volume = new Loop(directory["volume"], readOnly: false);

        string[] drift = Boot(directory, lower, "a", upper, volume, etc =>
        {
            File.AppendAllText(Path.Combine(etc, "appended"), "mine\n");
            File.AppendAllText(Path.Combine(etc, "d/linked"), "mine\n");
            Directory.CreateDirectory(Path.Combine(etc, "own"));
            File.WriteAllText(Path.Combine(etc, "own/file"), "mine\n");
            File.Delete(Path.Combine(etc, "hostname"));
            // A lower directory cannot be renamed, as redirect_dir is off; mv copies.
            Tools.Run("mv", Path.Combine(etc, "d"), Path.Combine(etc, "moved"));
            Tools.Run("mv", Path.Combine(etc, "moved"), Path.Combine(etc, "d"));
        });
        Assert.Empty(drift);

        string[] seen = [];
        drift = Boot(directory, lower, "b", upper, volume, etc => seen = [.. Directory.EnumerateFiles(etc, "*", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).LinkTarget is null)
            .Select(path => $"{Path.GetRelativePath(etc, path)}={File.ReadAllText(path).Replace('\n', ';')}").Order(StringComparer.Ordinal)]);
        Assert.Equal(["0-first=2;", "appended=1;mine;", "d/left=1;", "d/linked=1;mine;", "machine-id=", "other=1;", "own/file=mine;", "own/new=2;"], seen);
        Assert.Equal(["changed /etc/appended", "changed /etc/d/left", "new /etc/d/new"], drift);

        // A roll-back: what the device wrote is as it was, and nothing is hidden.
        drift = Boot(directory, lower, "a", upper, volume, etc => Assert.Equal("1\nmine\n", File.ReadAllText(Path.Combine(etc, "appended"))));
        Assert.Empty(drift);
    }

    private static void Image(TemporaryDirectory directory, string fileSystem, string name)
    {
        string tar = directory[$"{name}.tar"];
        Tools.Run("tar", "--numeric-owner", "--owner=0", "--group=0", "--sort=name", "--mtime=@0", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar.Write(source, tar, new RootChanges("test", name, 1735689600) { Listed = ["/etc"] });
        RootfsSection rootfs = Manifests.Small().Rootfs with { FileSystem = fileSystem, Compression = "none" };
        RootFileSystem.Write(rootfs, tar, directory[$"{name}.img"], Uuid(name), 4096, Tools.Tree, _log);
    }

    private static Guid Uuid(string name) => new($"{name}0000000-0000-8000-8000-000000000000");

    private static string[] Boot(TemporaryDirectory directory, string lower, string name, string upper, Loop volume, Action<string> work)
    {
        string root = directory["mounted"];
        Directory.CreateDirectory(root);
        using var image = new Loop(directory[$"{name}.img"], readOnly: true);
        Mount.FileSystem(image.Path, root, lower, MountFlags.ReadOnly);
        try
        {
            Mount.FileSystem(volume.Path, root + "/data", upper, MountFlags.NoDevices | MountFlags.NoSetUid);
            try
            {
                using var log = Kmsg.Open();
                string[] drift = [.. OverlayMount.Assemble(root, Uuid(name), [_etc], _ => root + "/data/.initruntime/overlay/etc", () => { }, log)
                    .Select(entry => $"{entry.Change} {entry.Path}")];
                try
                {
                    work(root + "/etc");
                }
                finally
                {
                    Mount.Unmount(root + "/etc");
                }

                return drift;
            }
            finally
            {
                Mount.Unmount(root + "/data");
            }
        }
        finally
        {
            Mount.Unmount(root);
        }
    }

    private sealed class Loop(string file, bool readOnly) : IDisposable
    {
        internal string Path { get; } = readOnly
            ? LoopDevice.Host("losetup", "--read-only", "--find", "--show", file)
            : LoopDevice.Host("losetup", "--find", "--show", file);

        public void Dispose() => LoopDevice.Host("losetup", "--detach", Path);
    }
}
