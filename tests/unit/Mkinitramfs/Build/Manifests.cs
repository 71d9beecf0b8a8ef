using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Unit.Mkinitramfs.Build;

/// <summary>A checked manifest for tests, as small as can be; each test changes what it is about.</summary>
internal static class Manifests
{
    private const long Mebi = 1 << 20;

    internal static ImageManifest Small(string? tar = null, string keys = "/nowhere") => new()
    {
        File = "/nowhere/image.toml",
        Image = new ImageSection("test", "1.0", null),
        Rootfs = new RootfsSection
        {
            Suite = null,
            Architecture = "amd64",
            Mirrors = [],
            Packages = [],
            Exclude = [],
            Files = [],
            Scripts = [],
            Tar = tar,
            Tree = null,
            FileSystem = "erofs",
            Compression = "lz4hc,12",
        },
        Kernel = new KernelSection
        {
            Package = "linux-image-amd64",
            CommandLine = ["console=ttyS0", "panic=5"],
            Modules = [],
            ModulesAlways = [],
            ModuleOptions = new Dictionary<string, string>(),
        },
        Verity = new VeritySection
        {
            Algorithm = "sha256",
            DataBlockSize = 4096,
            HashBlockSize = 4096,
            Salt = "0123456789abcdef",
            OnCorruption = CorruptionPolicy.Panic,
            CheckAtMostOnce = false,
            IgnoreZeroBlocks = false,
            TryVerifyInTasklet = false,
            FecRoots = 0,
            RootHashKey = null,
            RootHashCertificate = null,
        },
        Disk = new DiskSection { EfiSize = 8 * Mebi, BootSize = 8 * Mebi, RootSize = 16 * Mebi },
        Volumes = [],
        Tpm = new TpmSettings { SignedPcrs = [11] },
        Boot = new BootSection
        {
            Loader = "efi-boot-guard",
            WatchdogSeconds = 60,
            WatchdogModules = ["i6300esb"],
            WatchdogModulesAreNamed = false,
            DeviceTimeoutSeconds = 30,
            Init = "/sbin/init",
        },
        Overlays = [new OverlaySettings { Path = "/etc", Upper = OverlayUpper.Memory }],
        Failure = new FailureSettings { Action = FailureAction.Reboot, LongestDelaySeconds = 60 },
        Signing = new SigningSection
        {
            SecureBootCertificate = $"{keys}/db.crt",
            SecureBootKey = $"{keys}/db.key",
            SecureBootCommand = null,
            PcrPublicKey = $"{keys}/pcr.pub",
            PcrKey = $"{keys}/pcr.key",
            PcrCommand = null,
            EnrolDirectory = keys,
        },
        Development = new DevelopmentSection { DebugShell = false },
    };

    /// <summary>An encrypted volume as the manifest reader makes it, of some MiB.</summary>
    internal static VolumeSection Volume(string name, string mount, long mebi = 16, string fileSystem = "btrfs") => new(
        new VolumeSettings
        {
            Name = name,
            MountPoint = mount,
            FileSystem = fileSystem,
            MountOptions = "nodev,nosuid",
            Encryption = VolumeEncryption.Format,
        },
        mebi * Mebi);
}
