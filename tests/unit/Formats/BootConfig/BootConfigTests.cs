using System;
using System.Collections.Generic;
using System.Linq;
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
            new ModuleSettings { Name = "dm_crypt", Path = "/usr/lib/modules/6.12/kernel/dm-crypt.ko.xz", InRoot = true, Always = true, Needs = [0], Algorithm = "xts(aes)" },
        ],
        Overlays =
        [
            new OverlaySettings { Path = "/etc", Upper = OverlayUpper.Memory },
            new OverlaySettings { Path = "/opt", Upper = OverlayUpper.Image, Volume = "var" },
        ],
        ResetVariable = "reset_device",
        Volumes =
        [
            new VolumeSettings
            {
                Name = "data",
                MountPoint = "/data",
                FileSystem = "xfs",
                Encryption = VolumeEncryption.None,
            },
            new VolumeSettings
            {
                Name = "var",
                MountPoint = "/var",
                FileSystem = "btrfs",
                MountOptions = "nodev,nosuid",
                Encryption = VolumeEncryption.FormatIfEmpty,
                Grow = true,
                OnUnlockFailure = UnlockFallback.Ask,
                RecoveryKey = RecoveryKeyUse.Escrow,
                EscrowProgram = "/usr/lib/escrow",
                Snapshots = SnapshotProvider.Btrfs,
                SharedPaths = ["/var/log"],
                ImagePaths = ["/var/lib/dpkg"],
                MinimumFreeBytes = 1 << 20,
                OnDamage = DamageAction.Recreate,
                FactoryReset = false,
            },
        ],
        Hooks =
        [
            new() { Name = "identity", Kind = HookKind.Compiled, Program = "Gateway.Identity", Point = HookPoint.BeforeDevices, TimeoutSeconds = 30, OnFailure = HookFailure.Continue },
            new() { Name = "late", Kind = HookKind.RootProgram, Program = "/usr/bin/late", Arguments = ["a b"], Point = HookPoint.VolumesReady, TimeoutSeconds = 3600, OnFailure = HookFailure.Stop },
        ],
        Tpm = new TpmSettings { Measure = MeasurePolicy.Required, SignedPcrs = [11], Pcrs = [0, 7], Pin = true },
        WatchdogSeconds = 60,
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
        Assert.Equal([false, false, true], read.Modules.Select(module => module.InRoot));
        Assert.Equal(["", "", "xts(aes)"], read.Modules.Select(module => module.Algorithm));
        Assert.Equal(["/var/log"], read.Volumes[1].SharedPaths);
        Assert.Equal(["/var/lib/dpkg"], read.Volumes[1].ImagePaths);
        Assert.Equal(_example.Overlays, read.Overlays);
        Assert.Equal("reset_device", read.ResetVariable);
        Assert.Equal([11], read.Tpm.SignedPcrs);
        Assert.Equal([0, 7], read.Tpm.Pcrs);
        Assert.Equal((MeasurePolicy.Required, true), (read.Tpm.Measure, read.Tpm.Pin));
        Assert.Equal(60, read.WatchdogSeconds);
        Assert.Equal(["a b"], read.Hooks[1].Arguments);
        Assert.Equal(_example.Hooks[0] with { Arguments = read.Hooks[0].Arguments }, read.Hooks[0]);
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
    [InlineData("\"in_root\": true", "\"in_root\": 1", "modules[].in_root: wanted true or false")]
    [InlineData("\"in_root\": true,", "", "in_root is missing")]
    [InlineData("\"name\": \"var\"", "\"name\": \"Var\"", "volumes[1].name: not lower-case letters, digits and dashes, or there twice, or \"root\"")]
    [InlineData("\"name\": \"var\"", "\"name\": \"data\"", "volumes[1].name: not lower-case letters, digits and dashes, or there twice, or \"root\"")]
    [InlineData("\"name\": \"var\"", "\"name\": \"root\"", "volumes[1].name: not lower-case letters, digits and dashes, or there twice, or \"root\"")]
    [InlineData("\"mount_point\": \"/var\"", "\"mount_point\": \"/var/..\"", "volumes[1].mount_point: not a plain absolute path")]
    [InlineData("\"file_system\": \"btrfs\"", "\"file_system\": \"zfs\"", "volumes[1].file_system: \"zfs\" is not known (btrfs, ext4, xfs)")]
    [InlineData("\"file_system\": \"btrfs\"", "\"file_system\": \"xfs\"", "volumes[1].encryption: xfs cannot be made smaller, so it cannot be encrypted in place")]
    [InlineData("\"mount_options\": \"nodev,nosuid\"", "\"mount_options\": \"no dev\"", "volumes[1].mount_options: not printable ASCII")]
    [InlineData("\"encryption\": \"format-if-empty\"", "\"encryption\": \"plain\"", "volumes[].encryption: wanted format, reencrypt, format-if-empty, none")]
    [InlineData("\"encryption\": \"format-if-empty\",", "", "encryption is missing")]
    [InlineData("\"grow\": false", "\"grow\": true", "volumes[0].grow: only the last volume can grow")]
    [InlineData("\"grow\": true,", "", "grow is missing")]
    [InlineData("\"on_unlock_failure\": \"ask\"", "\"on_unlock_failure\": \"open\"", "volumes[].on_unlock_failure: wanted fail, ask")]
    [InlineData("\"recovery_key\": \"escrow\"", "\"recovery_key\": \"show\"", "volumes[1].escrow_program: not a plain absolute path, or not what recovery_key says")]
    [InlineData("\"recovery_key\": \"none\"", "\"recovery_key\": \"escrow\"", "volumes[0].escrow_program: not a plain absolute path, or not what recovery_key says")]
    [InlineData("\"escrow_program\": \"/usr/lib/escrow\"", "\"escrow_program\": \"escrow\"", "volumes[1].escrow_program: not a plain absolute path, or not what recovery_key says")]
    [InlineData("\"escrow_program\"", "\"escrow\"", "volumes[].escrow: not known")]
    [InlineData("\"snapshots\": \"btrfs\"", "\"snapshots\": \"dm-snapshot\"", "volumes[1].snapshots: not with btrfs")]
    [InlineData("\"snapshots\": \"btrfs\"", "\"snapshots\": \"zfs\"", "volumes[].snapshots: wanted shared, btrfs, dm-snapshot")]
    [InlineData("\"snapshots\": \"btrfs\"", "\"snapshots\": \"shared\"", "volumes[1].minimum_free_bytes: only with btrfs")]
    [InlineData("\"/var/log\"", "\"/var/../etc\"", "volumes[1].shared_paths, image_paths: /var/../etc is no plain path below /var")]
    [InlineData("\"/var/log\"", "\"/var/lib\"", "volumes[1].shared_paths, image_paths: /var/lib/dpkg lies within /var/lib")]
    [InlineData("\"volume\": \"var\"", "\"volume\": \"home\"", "overlays[1].volume: no such volume")]
    [InlineData("\"volume\": \"var\"", "\"volume\": \"data\"", "overlays[1].upper: a volume with snapshots shared cannot hold it")]
    [InlineData("\"upper\": \"tmpfs\"", "\"upper\": \"ram\"", "overlays[].upper: wanted tmpfs, image, shared")]
    [InlineData("\"point\": \"volumes-ready\"", "\"point\": \"later\"", "hooks[].point: wanted before-devices, devices-ready, root-ready, volumes-ready, before-switch-root, on-failure")]
    [InlineData("\"point\": \"volumes-ready\"", "\"point\": \"devices-ready\"", "hooks[1].kind: at devices-ready there is no root")]
    [InlineData("\"kind\": \"root-program\"", "\"kind\": \"script\"", "hooks[].kind: wanted compiled, program, root-program")]
    [InlineData("\"program\": \"/usr/bin/late\"", "\"program\": \"usr/bin/late\"", "hooks[1].program: not a plain absolute path")]
    [InlineData("\"program\": \"Gateway.Identity\"", "\"program\": \"Gateway..Identity\"", "hooks[0].program: not the full name of a class")]
    [InlineData("\"name\": \"late\"", "\"name\": \"identity\"", "hooks[1].name: \"identity\" stands twice")]
    [InlineData("\"timeout_seconds\": 3600", "\"timeout_seconds\": 3601", "hooks[1].timeout_seconds: 3601, wanted 1 to 3600")]
    [InlineData("\"on_failure\": \"stop\"", "\"on_failure\": \"panic\"", "hooks[].on_failure: wanted continue, fallback, stop")]
    [InlineData("\"reset_variable\": \"reset_device\"", "\"reset_variable\": \"\"", "reset_variable: not 1 to 64 characters")]
    [InlineData("\"measure\": \"required\"", "\"measure\": \"perhaps\"", "tpm.measure: wanted best-effort, required")]
    [InlineData("      11", "      24", "tpm.signed_pcrs[]: wanted a whole number from 0 to 23")]
    [InlineData("      7", "      11", "tpm.pcrs: a PCR that signed_pcrs has too")]
    [InlineData("\"pin\": true", "\"pin\": \"yes\"", "tpm.pin: wanted true or false")]
    [InlineData("\"watchdog_seconds\": 60", "\"watchdog_seconds\": 65536", "watchdog_seconds: wanted a whole number from 0 to 65535")]
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
    public void A_module_of_the_initramfs_needs_none_of_the_root()
    {
        ModuleSettings[] modules = [_example.Modules[0] with { InRoot = true }, _example.Modules[1]];
        Assert.False(BootConfigJson.TryParse(BootConfigJson.Write(_example with { Modules = modules }), out _, out ParseError error));
        Assert.Equal("modules[1].needs: 0 comes from the root, and so later", error.ToString());
    }

    [Fact]
    public void The_key_of_an_encrypted_volume_is_bound_to_something()
    {
        bool Parses(TpmSettings tpm, IReadOnlyList<VolumeSettings> volumes, out ParseError error) =>
            BootConfigJson.TryParse(BootConfigJson.Write(_example with { Tpm = tpm, Volumes = volumes, Overlays = [] }), out _, out error);
        Assert.False(Parses(new TpmSettings(), _example.Volumes, out ParseError error));
        Assert.Equal("tpm: keys that are bound to nothing", error.ToString());
        Assert.True(Parses(new TpmSettings { Pin = true }, _example.Volumes, out _));
        Assert.True(Parses(new TpmSettings { Pcrs = [7] }, _example.Volumes, out _));
        Assert.True(Parses(new TpmSettings(), [_example.Volumes[0]], out _));
    }

    [Fact]
    public void No_more_volumes_are_read_than_a_manifest_can_have()
    {
        VolumeSettings[] volumes = [.. Enumerable.Range(0, 33).Select(i => _example.Volumes[0] with { Name = $"v{i}" })];
        Assert.True(BootConfigJson.TryParse(BootConfigJson.Write(_example with { Volumes = volumes[1..], Overlays = [] }), out _, out _));
        Assert.False(BootConfigJson.TryParse(BootConfigJson.Write(_example with { Volumes = volumes }), out _, out ParseError error));
        Assert.Contains("volumes[]: more than 32", error.ToString());
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
