using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using InitRuntime.Control.Snapshots;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;
using InitRuntime.Linux.Btrfs;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Snapshots;
using InitRuntime.Unit.Formats.BootReport;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Control;

/// <summary>A volume of 128 MiB whose top level is mounted, with the data of three images.</summary>
[Collection(HostMounts.Name)]
public sealed class SubvolumeSurveyTests : IDisposable
{
    private const int FileLength = 4 << 20;

    private static readonly Guid _running = new("7c1e2f30-0a1b-4c2d-8e3f-405162738495");
    private static readonly Guid _other = new("11112222-3333-4444-8555-666677778888");
    private static readonly Guid _gone = new("99990000-3333-4444-8555-666677778888");

    private readonly TemporaryDirectory _directory = new();
    private bool _isMounted;

    private string Top => _directory["top"];

    [FactWithBtrfs]
    public void Each_image_and_each_shared_path_is_found_as_the_tools_know_it()
    {
        Make();
        var installed = new InstalledImages(_running, "root-a", [new SlotImage("root-b", _other, true)], AreKnown: true);
        SubvolumeVolume found = SubvolumeSurvey.Read(Volume, Top, installed);
        Assert.Equal(
            [(_other, ImagePlace.OtherSlot, "root-b", false), (_running, ImagePlace.Running, "root-a", true), (_gone, ImagePlace.Orphan, null, false)],
            found.Images.Select(image => (image.Image, image.Place, image.Slot, image.Pending)));
        Assert.Equal(["/var/lib/containers", "/var/log"], found.Shared);
        Assert.Equal([$"@images/.tmp-{_gone}"], found.Unfinished);
        foreach (ImageSubvolume image in found.Images)
        {
            string shown = Tools.Run("btrfs", "subvolume", "show", $"{Top}/@images/{image.Image}");
            Assert.Contains($"Generation: \t\t{image.Generation}\n", shown, StringComparison.Ordinal);
            Assert.InRange(image.Created, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(10));
        }

        if (found.Problem is null)
        {
            // The second one is a snapshot of the first, with a file more.
            Assert.Equal(new SubvolumeSize(FileLength, 0), found.Images[0].Size);
            Assert.Equal(new SubvolumeSize(2 * FileLength, FileLength), found.Images[1].Size);
            Assert.Equal(new SubvolumeSize(0, 0), found.Images[2].Size);
        }

        installed = installed with { AreKnown = false };
        Assert.Equal([ImagePlace.OtherSlot, ImagePlace.Running, ImagePlace.Unknown], SubvolumeSurvey.Read(Volume, Top, installed).Images.Select(image => image.Place));
    }

    [FactWithBtrfs]
    public void A_volume_that_is_not_mounted_or_is_no_btrfs_says_so()
    {
        var installed = new InstalledImages(_running, "root-a", [], AreKnown: true);
        VolumeReport report = BootReportTests.Whole.Volumes[0];
        Assert.Equal("not mounted", SubvolumeSurvey.Read(report, null, installed).Problem);
        Assert.Equal("not mounted", SubvolumeSurvey.Read(report, new MountedFileSystem("/var", "tmpfs", "none", "/"), installed).Problem);

        Make();
        Tools.Run("btrfs", "subvolume", "delete", $"{Top}/@images/{_gone}");
        Directory.Delete($"{Top}/@shared/log");
        Directory.Delete($"{Top}/@shared", recursive: true);
        Assert.Empty(SubvolumeSurvey.Read(Volume, Top, installed).Shared);
    }

    /// <summary>The program itself, since a name space of mounts would stay with a thread of the tests.</summary>
    [FactWithControlProgram]
    public void The_program_looks_at_the_top_level_where_nobody_else_sees_it_and_leaves_nothing_behind()
    {
        if (new FactWithBtrfsAttribute().Skip is not null)
        {
            return;
        }

        Make();
        Mount.Unmount(Top);
        _isMounted = false;
        File.WriteAllBytes(_directory["boot.json"], BootReportJson.Write(BootReportTests.Whole));
        string script = $"""
            root=$0/root
            mkdir $root
            mount -t tmpfs none $root
            mkdir -p $root/run/initruntime $root/proc $root/dev $root/usr $root/var
            cp {ControlProgram.Path} $root/ctl
            cp $0/boot.json $root/run/initruntime/
            mount -t proc proc $root/proc
            mount --bind /dev $root/dev
            mount -o loop,subvol=@images/{_running} $0/disk $root/var
            chroot $root /ctl snapshots --json var >$0/without
            for link in bin lib lib64 sbin; do ln -s usr/$link $root/$link; done
            mount --bind /usr $root/usr
            chroot $root /ctl snapshots --json >$0/with
            chroot $root /ctl snapshots var >$0/page
            ls -A $root/run/initruntime >$0/left
            grep -c view- /proc/self/mountinfo >>$0/left || :
            """;
        new HostCommand("unshare", "--mount", "sh", "-euc", script, _directory.Path).Run(new PlainLog(TextWriter.Null, showCommands: false));

        JsonElement without = Single("without");
        Assert.Equal("sizes are left out: the image has no btrfs-progs", without.GetProperty("problem").GetString());
        Assert.Equal(
            ["unknown", "running", "unknown"], without.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("place").GetString()));
        Assert.Equal("""["/var/lib/containers","/var/log"]""", without.GetProperty("shared").GetRawText());
        Assert.Equal("boot.json\n0\n", File.ReadAllText(_directory["left"]));
        if (File.Exists("/usr/bin/btrfs"))
        {
            Assert.Equal(FileLength, Single("with").GetProperty("images")[1].GetProperty("exclusive_bytes").GetInt64());
            Assert.Contains("8.0 MiB, 4.0 MiB of it its own", File.ReadAllText(_directory["page"]), StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Mount.Unmount(Top);
        }

        _directory.Dispose();
    }

    private static SubvolumeVolume Volume { get; } = new("var", "/var") { Images = [], Shared = [], Unfinished = [] };

    private JsonElement Single(string name) => JsonDocument.Parse(File.ReadAllText(_directory[name])).RootElement.GetProperty("volumes")[0];

    private void Make()
    {
        using (FileStream file = File.Create(_directory["disk"]))
        {
            file.SetLength(128 << 20);
        }

        Tools.Run("mkfs.btrfs", "--quiet", "--mixed", _directory["disk"]);
        Directory.CreateDirectory(Top);
        new HostCommand("mount", "-o", "loop", _directory["disk"], Top).Run(new PlainLog(TextWriter.Null, showCommands: false));
        _isMounted = true;
        Directory.CreateDirectory($"{Top}/@images/plain");
        Directory.CreateDirectory($"{Top}/@shared/lib");
        BtrfsSubvolume.Create($"{Top}/@shared/log");
        BtrfsSubvolume.Create($"{Top}/@shared/lib/containers");
        BtrfsSubvolume.Create($"{Top}/@images/other-name");
        BtrfsSubvolume.Create($"{Top}/@images/.tmp-{_gone}");
        BtrfsSubvolume.Create($"{Top}/@images/{_gone}");
        BtrfsSubvolume.Create($"{Top}/@images/{_other}");
        byte[] content = new byte[FileLength];
        new Random(1).NextBytes(content);
        File.WriteAllBytes($"{Top}/@images/{_other}/file", content);
        BtrfsSubvolume.Snapshot($"{Top}/@images/{_other}", $"{Top}/@images/{_running}");
        new Random(2).NextBytes(content);
        File.WriteAllBytes($"{Top}/@images/{_running}/more", content);
        ExtendedAttribute.Set($"{Top}/@images/{_running}", ImageSubvolumes.PendingAttribute, "1"u8);
        BtrfsSubvolume.Sync(Top);
    }
}
