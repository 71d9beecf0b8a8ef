using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

public sealed class ManifestValuesTests
{
    [Fact]
    public void The_smallest_manifest_gets_every_default()
    {
        using var file = new ManifestFile(ManifestFile.Smallest);
        ImageManifest manifest = file.Read().Manifest!;
        Assert.Equal(file.Path, manifest.File);
        Assert.Equal(new ImageSection("a", "1", null), manifest.Image);
        Assert.Equal("trixie", manifest.Rootfs.Suite);
        Assert.Equal("erofs", manifest.Rootfs.FileSystem);
        Assert.Equal("lz4hc,level=12", manifest.Rootfs.Compression);
        Assert.Equal(["panic=5", "gpt", "watchdog.handle_boot_enabled=0", "systemd.gpt_auto=0"], manifest.Kernel.CommandLine);
        Assert.Contains("virtio_blk", manifest.Kernel.Modules);
        Assert.Equal(CorruptionPolicy.Panic, manifest.Verity.OnCorruption);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("a"u8)), manifest.Verity.Salt);
        Assert.Equal((4096, 4096, 0), (manifest.Verity.DataBlockSize, manifest.Verity.HashBlockSize, manifest.Verity.FecRoots));
        Assert.Equal(
            (16L << 20, 32L << 20, 1L << 30),
            (manifest.Disk.EfiSize, manifest.Disk.BootSize, manifest.Disk.RootSize));
        Assert.Empty(manifest.Volumes);
        Assert.Equal((MeasurePolicy.BestEffort, false), (manifest.Tpm.Measure, manifest.Tpm.Pin));
        Assert.Equal([11], manifest.Tpm.SignedPcrs);
        Assert.Empty(manifest.Tpm.Pcrs);
        Assert.Contains("i6300esb", manifest.Boot.WatchdogModules);
        Assert.False(manifest.Boot.WatchdogModulesAreNamed);
        Assert.Equal(("efi-boot-guard", 60, 30, "/sbin/init"),
            (manifest.Boot.Loader, manifest.Boot.WatchdogSeconds, manifest.Boot.DeviceTimeoutSeconds, manifest.Boot.Init));
        Assert.Equal(["/etc", "/var"], manifest.Overlays.Select(overlay => overlay.Path));
        Assert.Equal((FailureAction.Reboot, 300), (manifest.Failure.Action, manifest.Failure.LongestDelaySeconds));
        Assert.Equal(file["keys/db.crt"], manifest.Signing.SecureBootCertificate);
        Assert.Equal(file["keys/db.key"], manifest.Signing.SecureBootKey);
        Assert.Equal((file["keys/pcr.pub"], file["keys/pcr.key"]), (manifest.Signing.PcrPublicKey, manifest.Signing.PcrKey));
        Assert.Equal(file["keys"], manifest.Signing.EnrolDirectory);
        Assert.True(manifest.Device.Control);
        Assert.False(manifest.Development.DebugShell);
        Assert.Empty(ManifestWarnings.Of(manifest));
    }

    [Fact]
    public void Every_key_can_be_set()
    {
        string text = """
            [image]
            name = "full"
            version = "2.1~rc1"
            uuid = "8DFB4B90-1f5a-4e53-8c5e-0d1f5ad2c1b7"
            [rootfs]
            suite = "bookworm"
            architecture = "amd64"
            mirrors = ["http://example.org/debian", "deb https://example.org/other trixie main"]
            packages = ["udev", "openssl=3.0.1-1", "bash/trixie-backports"]
            exclude = []
            files = ["keys"]
            scripts = []
            file-system = "squashfs"
            compression = "zstd,level=3"
            [kernel]
            package = "linux-image-cloud-amd64"
            command-line = ["panic=-1"]
            modules = ["usb-storage"]
            modules-always = ["i6300esb"]
            module-options = { usb-storage = "delay_use=0" }
            [verity]
            algorithm = "sha512"
            data-block-size = 1024
            hash-block-size = 1024
            salt = "AB01"
            on-corruption = "ignore"
            check-at-most-once = true
            ignore-zero-blocks = true
            try-verify-in-tasklet = true
            fec-roots = 24
            root-hash-key = "plain.txt"
            root-hash-certificate = "plain.txt"
            [disk]
            efi-size = "8M"
            boot-size = "65536K"
            root-size = "1T"
            [[volume]]
            name = "data"
            mount = "/data"
            size = "2G"
            file-system = "ext4"
            mount-options = ["noexec", "data=journal"]
            encrypt = "reencrypt"
            grow = false
            on-unlock-failure = "ask"
            recovery-key = "escrow"
            escrow-program = "/usr/lib/escrow"
            [[volume]]
            name = "home"
            mount = "/home"
            file-system = "xfs"
            recovery-key = "show"
            [[volume]]
            name = "state"
            mount = "/state"
            file-system = "ext4"
            snapshots = "dm-snapshot"
            shared-paths = ["/state/log"]
            shared-on = "data"
            image-paths = ["/state/packages"]
            snapshot-size = "100M"
            on-damage = "recreate"
            factory-reset = false
            [[volume]]
            name = "paired"
            mount = "/paired"
            snapshots = "btrfs"
            minimum-free = "64M"
            [tpm]
            measure = "required"
            signed-pcrs = [11]
            pcrs = [0, 7]
            pin = true
            [boot]
            loader = "efi-boot-guard"
            watchdog = "0s"
            watchdog-modules = ["sbc-wdt"]
            device-timeout = "2min"
            init = "/usr/bin/start"
            [[overlay]]
            path = "/var"
            upper = "tmpfs"
            [[overlay]]
            path = "/var/log"
            upper = "image"
            volume = "state"
            [factory-reset]
            loader-variable = "reset"
            [device]
            control = true
            [confirm]
            within = "5min"
            read-root = false
            no-failed-units = true
            [[health-check]]
            name = "web"
            command = ["/usr/bin/curl", "-sf", "http://localhost"]
            timeout = "1min"
            [update]
            swupdate = true
            board = "gateway"
            revision = "2"
            compatible = ["1", "#RE:^2[.]"]
            allow-older = true
            restart = true
            encrypt = false
            delta-url = "https://updates.example.com/gateway"
            [[hook]]
            name = "late"
            at = "root-ready"
            root-program = "/usr/bin/late"
            after = ["identity"]
            [[hook]]
            name = "identity"
            at = "root-ready"
            project = "plain.txt"
            class = "Gateway.Identity"
            arguments = ["--all", "a b"]
            timeout = "2min"
            on-failure = "stop"
            [[hook]]
            name = "beacon"
            at = "on-failure"
            program = "program"
            [failure]
            action = "power-off"
            longest-delay = "1h"
            [signing]
            secure-boot-certificate = "plain.txt"
            secure-boot-command = ["./sign", "--twice", "--twice"]
            pcr-public-key = "plain.txt"
            pcr-command = ["hsm/sign", "pcr"]
            update-certificate = "plain.txt"
            update-command = ["hsm/sign", "update"]
            update-encryption-key = "plain.txt"
            [development]
            debug-shell = true
            """;
        using var file = new ManifestFile(text);
        File.WriteAllText(file["program"], "");
        File.SetUnixFileMode(file["program"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ManifestReading reading = file.Read();
        Assert.Empty(reading.Errors);
        ImageManifest manifest = reading.Manifest!;
        Assert.Equal(
            [
                $"identity RootReady Compiled Gateway.Identity [--all a b] 120 Stop {file["plain.txt"]}",
                "late RootReady RootProgram /usr/bin/late [] 30 Fallback ",
                $"beacon OnFailure Program /usr/lib/initruntime/hooks/beacon [] 30 Continue {file["program"]}",
            ],
            manifest.Hooks.Select(hook => $"{hook.Settings.Name} {hook.Settings.Point} {hook.Settings.Kind} {hook.Settings.Program} [{string.Join(' ', hook.Settings.Arguments)}] {hook.Settings.TimeoutSeconds} {hook.Settings.OnFailure} {hook.Source}"));
        Assert.Equal(("m.toml", Array.IndexOf(text.Split('\n'), "class = \"Gateway.Identity\"") + 1), (Path.GetFileName(manifest.Hooks[0].File), manifest.Hooks[0].Line));
        Assert.Equal(Guid.Parse("8dfb4b90-1f5a-4e53-8c5e-0d1f5ad2c1b7"), manifest.Image.Uuid);
        Assert.Equal(["usb_storage"], manifest.Kernel.Modules);
        Assert.Equal("delay_use=0", manifest.Kernel.ModuleOptions["usb_storage"]);
        Assert.Equal("ab01", manifest.Verity.Salt);
        Assert.Equal(new ConfirmSection(300, ReadRoot: false, NoFailedUnits: true), manifest.Confirm);
        Assert.Equal(("gateway", "2", true, true, true), (manifest.Update.Board, manifest.Update.Revision, manifest.Update.Make, manifest.Update.AllowOlder, manifest.Update.Restart));
        Assert.Equal(["1", "#RE:^2[.]"], manifest.Update.Compatible);
        HealthCheck check = Assert.Single(manifest.HealthChecks);
        Assert.Equal(("web", 60), (check.Name, check.TimeoutSeconds));
        Assert.Equal(["/usr/bin/curl", "-sf", "http://localhost"], check.Command);
        Assert.Equal(CorruptionPolicy.Ignore, manifest.Verity.OnCorruption);
        Assert.Equal(24, manifest.Verity.FecRoots);
        Assert.Equal((64L << 20, 1L << 40), (manifest.Disk.BootSize, manifest.Disk.RootSize));
        Assert.Equal([2L << 30, 1L << 30, 1L << 30, 1L << 30], manifest.Volumes.Select(volume => volume.Size));
        Assert.Equal([false, false, true, false], manifest.Volumes.Select(volume => volume.ImagePathsAreNamed));
        VolumeSettings[] wanted =
        [
            new()
            {
                Name = "data",
                MountPoint = "/data",
                FileSystem = "ext4",
                MountOptions = "noexec,data=journal",
                Encryption = VolumeEncryption.Reencrypt,
                OnUnlockFailure = UnlockFallback.Ask,
                RecoveryKey = RecoveryKeyUse.Escrow,
                EscrowProgram = "/usr/lib/escrow",
            },
            new()
            {
                Name = "home",
                MountPoint = "/home",
                FileSystem = "xfs",
                MountOptions = "nodev,nosuid",
                Encryption = VolumeEncryption.Format,
                RecoveryKey = RecoveryKeyUse.Show,
            },
            new()
            {
                Name = "state",
                MountPoint = "/state",
                FileSystem = "ext4",
                MountOptions = "nodev,nosuid",
                Encryption = VolumeEncryption.Format,
                Snapshots = SnapshotProvider.DmSnapshot,
                SharedPaths = ["/state/log"],
                SharedOn = "data",
                ImagePaths = ["/state/packages"],
                SnapshotBytes = 100 << 20,
                OnDamage = DamageAction.Recreate,
                FactoryReset = false,
            },
            new()
            {
                Name = "paired",
                MountPoint = "/paired",
                FileSystem = "btrfs",
                MountOptions = "nodev,nosuid",
                Encryption = VolumeEncryption.Format,
                Grow = true,
                Snapshots = SnapshotProvider.Btrfs,
                MinimumFreeBytes = 64 << 20,
            },
        ];
        Assert.Equal(wanted.Select(AsJson), manifest.Volumes.Select(volume => AsJson(volume.Settings)));
        Assert.Equal((OverlayUpper.Image, "state"), (manifest.Overlays[1].Upper, manifest.Overlays[1].Volume));
        Assert.Equal("reset", manifest.ResetVariable);
        Assert.Equal((MeasurePolicy.Required, true), (manifest.Tpm.Measure, manifest.Tpm.Pin));
        Assert.Equal([0, 7], manifest.Tpm.Pcrs);
        Assert.Equal(["sbc_wdt"], manifest.Boot.WatchdogModules);
        Assert.True(manifest.Boot.WatchdogModulesAreNamed);
        Assert.Equal((0, 120), (manifest.Boot.WatchdogSeconds, manifest.Boot.DeviceTimeoutSeconds));
        Assert.Equal(["/var", "/var/log"], manifest.Overlays.Select(overlay => overlay.Path));
        Assert.Equal((FailureAction.PowerOff, 3600), (manifest.Failure.Action, manifest.Failure.LongestDelaySeconds));
        Assert.Equal([file["sign"], "--twice", "--twice"], manifest.Signing.SecureBootCommand!);
        Assert.Null(manifest.Signing.SecureBootKey);
        Assert.Equal((file["plain.txt"], null), (manifest.Signing.PcrPublicKey, manifest.Signing.PcrKey));
        Assert.Equal([file["hsm/sign"], "pcr"], manifest.Signing.PcrCommand!);
        Assert.Null(manifest.Signing.EnrolDirectory);
        Assert.Equal(5, ManifestWarnings.Of(manifest).Count);

        ManifestKey[] alternatives =
        [
            ManifestKeys.RootfsTar, ManifestKeys.RootfsTree, ManifestKeys.SigningKeys, ManifestKeys.SigningKey, ManifestKeys.SigningPcrKey, ManifestKeys.SigningUpdateKey,
        ];
        Assert.All(ManifestSections.Keys.Except(alternatives), key => Assert.Contains(Enumerable.Range(0, 4), i => reading.Values.PlaceOf(key, i) is not null));
    }

    /// <summary>Lists in records are not compared by what they hold; in JSON they are.</summary>
    private static string AsJson(VolumeSettings volume) => JsonSerializer.Serialize(volume);

    [Fact]
    public void A_ready_root_needs_no_packages()
    {
        RootfsSection rootfs = ManifestFile.Good(ManifestFile.Smallest.Replace("packages = [\"udev\"]", "tree = 'keys'")).Rootfs;
        Assert.Null(rootfs.Suite);
        Assert.Empty(rootfs.Exclude);
        Assert.EndsWith("/keys", rootfs.Tree, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_of_overlays_means_none() =>
        Assert.Empty(ManifestFile.Good("overlay = []\n" + ManifestFile.Smallest).Overlays);

    [Theory]
    [InlineData("/var", new[] { "/etc" })]
    [InlineData("/data", new[] { "/etc", "/var" })]
    public void No_default_overlay_lies_where_a_volume_keeps_what_is_written(string mount, string[] overlays) => Assert.Equal(
        overlays, ManifestFile.Good($"{ManifestFile.Smallest}[[volume]]\nname = 'v'\nmount = '{mount}'\n").Overlays.Select(overlay => overlay.Path));

    [Fact]
    public void Overlays_may_lie_in_a_volume() => Assert.Equal(
        ["/etc", "/var/tmp"],
        ManifestFile.Good(ManifestFile.Smallest + """
            [[volume]]
            name = "var"
            mount = "/var"
            [[overlay]]
            path = "/etc"
            [[overlay]]
            path = "/var/tmp"
            """).Overlays.Select(overlay => overlay.Path));

    [Fact]
    public void The_last_volume_grows_unless_the_manifest_says_otherwise()
    {
        static bool[] Grow(string last) => [.. ManifestFile.Good(
            $"{ManifestFile.Smallest}[[volume]]\nname = 'a'\nmount = '/a'\n[[volume]]\nname = 'b'\nmount = '/b'\n{last}\n")
            .Volumes.Select(volume => volume.Settings.Grow)];
        Assert.Equal([false, true], Grow(""));
        Assert.Equal([false, false], Grow("grow = false"));
    }

    [Theory]
    [InlineData("watchdgo", "watchdog")]
    [InlineData("packges", "packages")]
    [InlineData("xyz", null)]
    public void The_nearest_word_is_found_if_it_is_near(string word, string? expected) =>
        Assert.Equal(expected, Nearest.Of(word, ["packages", "watchdog", "loader"]));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ab", "ba", 1)]
    [InlineData("same", "same", 0)]
    public void The_distance_counts_slips(string one, string other, int expected) => Assert.Equal(expected, Nearest.Distance(one, other));
}
