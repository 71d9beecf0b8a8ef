using System;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.BootConfig;

public sealed class BootConfigTests
{
    private static readonly BootConfiguration _example = new()
    {
        FormatVersion = 1,
        ImageUuid = new Guid("7c1e2f30-0a1b-4c2d-8e3f-405162738495"),
        ImageName = "demo",
        ImageVersion = "1.0",
        Root = new RootSettings
        {
            FileSystem = "erofs",
            SlotLabels = ["root-a", "root-b"],
            Verity = new VeritySettings
            {
                Algorithm = "sha256",
                RootHash = new string('a', 64),
                Salt = "00ff",
                DataBlockSize = 4096,
                HashBlockSize = 4096,
                DataBlocks = 100,
                HashOffset = 409600,
                OnCorruption = CorruptionPolicy.Panic,
                Fec = new ForwardErrorCorrection { Offset = 4096 * 200, Roots = 2, Blocks = 102 },
                RootHashSignature = "/etc/initruntime/roothash.p7s",
            },
        },
        Modules =
        [
            new ModuleSettings { Name = "dm_mod", Path = "/usr/lib/modules/dm-mod.ko", Always = true },
            new ModuleSettings { Name = "virtio_blk", Path = "/usr/lib/modules/virtio_blk.ko", Always = false, Needs = [0], Aliases = ["virtio:d00000002v*"], Options = "queues=1" },
        ],
        Overlays = [new OverlaySettings { Path = "/etc", Upper = "tmpfs" }],
        Failure = new FailureSettings { Action = FailureAction.PowerOff, LongestDelaySeconds = 600 },
        DeviceTimeoutSeconds = 30,
        Init = "/sbin/init",
        DebugShell = false,
    };

    [Fact]
    public void What_is_written_is_read_back()
    {
        byte[] json = BootConfigJson.Write(_example);
        Assert.True(BootConfigJson.TryParse(json, out BootConfiguration read, out ParseError error), error.ToString());
        Assert.Equal(json, BootConfigJson.Write(read));
        Assert.Equal(_example.Root.Verity, read.Root.Verity);
        Assert.Equal([0], read.Modules[1].Needs);
        Assert.Equal(_example.Failure, read.Failure);
    }

    [Theory]
    [InlineData("\"image_name\": \"demo\",", "", "image_name is missing")]
    [InlineData("\"image_name\"", "\"image_nome\"", "image_nome: not known")]
    [InlineData("\"algorithm\": \"sha256\"", "\"algorithm\": \"crc32\"", "root.verity.algorithm: \"crc32\" is not known (sha256, sha384, sha512)")]
    [InlineData("\"data_blocks\": 100", "\"data_blocks\": -1", "root.verity.data_blocks: wanted a whole number from 0")]
    [InlineData("\"data_blocks\": 100", "\"data_blocks\": 101", "root.verity.hash_offset: 409600 is not a sector behind the data")]
    [InlineData("\"path\": \"/etc\"", "\"path\": \"/../etc\"", "overlays[0].path: not a plain absolute path")]
    [InlineData("\"options\": \"queues=1\"", "\"options\": 7", "modules[].options: wanted a string")]
    [InlineData("\"on_corruption\": \"panic\"", "\"on_corruption\": \"shrug\"", "root.verity.on_corruption: wanted panic, restart, eio or ignore")]
    [InlineData("\"format_version\": 1", "\"format_version\": 2", "format_version: 2, only 1 is known")]
    public void A_wrong_value_is_named_with_its_place(string good, string bad, string message)
    {
        string text = Encoding.UTF8.GetString(BootConfigJson.Write(_example));
        Assert.Contains(good, text);
        int at = text.LastIndexOf(good, StringComparison.Ordinal);
        byte[] damaged = Encoding.UTF8.GetBytes(text[..at] + bad + text[(at + good.Length)..]);
        Assert.False(BootConfigJson.TryParse(damaged, out _, out ParseError error));
        Assert.Contains(message, error.ToString());
    }

    [Fact]
    public void Bytes_after_the_end_are_refused()
    {
        byte[] json = [.. BootConfigJson.Write(_example), .. "{}"u8];
        Assert.False(BootConfigJson.TryParse(json, out _, out _));
    }

    [Fact]
    public void Hostile_bytes_are_answered() =>
        Hostile.EveryPrefixAndEveryDamagedByte(BootConfigJson.Write(_example), bytes => BootConfigJson.TryParse(bytes, out _, out _));
}
