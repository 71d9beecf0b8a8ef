using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Formats.Gpt;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Storage.Devices;
using InitRuntime.Unit.Formats.FactoryReset;
using InitRuntime.Unit.Harness;
using InitRuntime.Volumes;
using Xunit;

namespace InitRuntime.Unit.Volumes;

public sealed class VolumeResetTests
{
    private const int Mebibyte = 1 << 20;

    private static readonly VolumeSettings _var = ResetRequestTests.Volume("var");
    private static readonly VolumeSettings _home = ResetRequestTests.Volume("home") with { FactoryReset = false, Encryption = VolumeEncryption.None };

    [FactWithLoopDevice]
    public void What_a_request_takes_is_erased_and_marked_as_new_and_nothing_else()
    {
        using var disk = new Device();
        HashSet<string> erased = disk.Reset(new ResetRequest { AllVolumes = true, Source = "a test" });

        Assert.Equal(["var"], erased);
        Assert.Equal((true, false), (disk.IsMarked(1), disk.IsMarked(2)));
        Assert.Null(disk.Blkid(1));
        Assert.Contains("ext4", disk.Blkid(2), StringComparison.Ordinal);
        Assert.Contains("No problems found", Tools.Run("sgdisk", "-v", disk.Path), StringComparison.Ordinal);
        Assert.Matches(
            $"^<4>initruntime: volumes: var: factory reset: erasing encrypted volume [0-9a-f-]{{36}} on {disk.Path}p1\n"
                + "<4>initruntime: volumes: var: erased, and marked as new; the device was told to discard all of its data\n$",
            disk.Log);

        // As after a cut behind the mark: the same again, on what is no volume any more.
        Assert.Equal(["var"], disk.Reset(new ResetRequest { AllVolumes = true, Source = "a test" }));
        Assert.True(disk.IsMarked(1));
        Assert.Contains("erasing nothing on", disk.Log, StringComparison.Ordinal);
    }

    [FactWithLoopDevice]
    public void A_volume_that_is_named_is_erased_whatever_the_manifest_says_of_all()
    {
        using var disk = new Device();
        Assert.Equal(["home"], disk.Reset(new ResetRequest { Volumes = ["home"], AllOverlays = true, Source = "a test" }));
        Assert.Equal((false, true), (disk.IsMarked(1), disk.IsMarked(2)));
        Assert.Contains("crypto_LUKS", disk.Blkid(1), StringComparison.Ordinal);
        Assert.Null(disk.Blkid(2));
        Assert.Contains("volumes: home: factory reset: erasing a plain ext4 on", disk.Log, StringComparison.Ordinal);
    }

    [FactWithLoopDevice]
    public void Without_a_request_nothing_is_done()
    {
        using var disk = new Device();
        Assert.Empty(disk.Reset(null));
        Assert.Empty(disk.Reset(new ResetRequest { AllOverlays = true, Source = "a test" }));
        Assert.Equal((false, false, ""), (disk.IsMarked(1), disk.IsMarked(2), disk.Log));
    }

    [FactWithLoopDevice]
    public void A_volume_that_cannot_be_erased_does_not_save_the_others()
    {
        using var disk = new Device();
        var request = new ResetRequest { Volumes = ["var", "home"], Source = "a test" };
        BootException error = Assert.Throws<BootException>(() => disk.Reset(
            request, volume => volume.Name == "var" ? throw new BootException("no such partition", "/dev/none") : disk.Partition(2)));
        Assert.Equal(("the factory reset of var failed: no such partition", "/dev/none"), (error.Message, error.Device));
        Assert.Equal((false, true), (disk.IsMarked(1), disk.IsMarked(2)));
        Assert.Null(disk.Blkid(2));
        Assert.StartsWith("<3>initruntime: volumes: var is not erased: no such partition\n", disk.Log, StringComparison.Ordinal);
    }

    /// <summary>A disk with an encrypted var and a plain home.</summary>
    private sealed class Device : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();
        private readonly LoopDevice _loop = new(128 * Mebibyte, fill: path => Tools.Run(
            "sgdisk", "--new=1:2048:+60M", "--change-name=1:var", "--new=2:0:+40M", "--change-name=2:home", path));

        internal Device()
        {
            LoopDevice.Host("addpart", Path, "1", "2048", $"{60 * 2048}");
            LoopDevice.Host("addpart", Path, "2", $"{61 * 2048}", $"{40 * 2048}");
            File.WriteAllText(_directory["key"], "secret");
            File.WriteAllText(_directory["log"], "");
            Tools.Run(
                "cryptsetup", "luksFormat", "--batch-mode", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", _directory["key"],
                Partition(1).Path);
            Tools.Run("mkfs.ext4", "-q", Partition(2).Path);
        }

        internal string Path => _loop.Path;

        internal string Log => File.ReadAllText(_directory["log"]);

        internal BlockDevice Partition(int number) => new($"{System.IO.Path.GetFileName(Path)}p{number}", "", number);

        internal bool IsMarked(int number) => Tools.Run("sgdisk", $"--attributes={number}:show", Path).Contains($"{number}:56:1", StringComparison.Ordinal);

        /// <summary>What is there; null for nothing.</summary>
        internal string? Blkid(int number)
        {
            try
            {
                return Tools.Run("blkid", "-p", "-o", "value", "-s", "TYPE", Partition(number).Path) is { Length: > 0 } type ? type : null;
            }
            catch (BuildException)
            {
                return null;
            }
        }

        internal HashSet<string> Reset(ResetRequest? request, Func<VolumeSettings, BlockDevice>? deviceOf = null)
        {
            var device = new BlockDevice(System.IO.Path.GetFileName(Path), "", 0);
            Assert.True(DiskTable.TryRead(device, out GptReading? reading, out ParseError error), error.Message);
            using Kmsg log = Kmsg.Open(_directory["log"]);
            return new VolumeReset(new PartitionEditor(new SystemDisk(device, reading)), () => { }, log).Erase(
                request, [_var, _home], deviceOf ?? (volume => Partition(volume == _var ? 1 : 2)));
        }

        public void Dispose()
        {
            LoopDevice.Host("delpart", Path, "1");
            LoopDevice.Host("delpart", Path, "2");
            _loop.Dispose();
            _directory.Dispose();
        }
    }
}
