using System.Collections.Generic;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>The sections of a manifest, each with its keys.</summary>
internal static class ManifestSections
{
    /// <summary>All sections with their keys, in the order of the manual.</summary>
    internal static IReadOnlyList<ManifestSection> All { get; } =
    [
        new("image", "What the image is called.", false, [ImageName, ImageVersion, ImageUuid]),
        new("rootfs", "Where the files of the root come from, and the file system that holds them.", false,
        [
            RootfsSuite, RootfsArchitecture, RootfsMirrors, RootfsPackages, RootfsExclude, RootfsTar, RootfsTree, RootfsFiles, RootfsScripts,
            RootfsFileSystem, RootfsCompression,
        ]),
        new("kernel", "Which kernel, with which words, and which of its modules.", false,
            [KernelPackage, KernelCommandLine, KernelModules, KernelModulesAlways, KernelModuleOptions]),
        new("verity", "The hash tree (dm-verity) over the root.", false,
        [
            VerityAlgorithm, VerityDataBlockSize, VerityHashBlockSize, VeritySalt, VerityOnCorruption, VerityCheckAtMostOnce,
            VerityIgnoreZeroBlocks, VerityTryVerifyInTasklet, VerityFecRoots, VerityRootHashKey, VerityRootHashCertificate,
        ]),
        new("disk", "Sizes of the partitions.", false, [DiskEfiSize, DiskBootSize, DiskRootSize]),
        new("volume", "A persistent volume: a partition behind `root-b`, in the manifest's order. Without any, nothing is kept from boot to boot. An encrypted one is opened by the TPM (`[tpm]`); the first boot makes it, with programs of the root (`cryptsetup-bin`, and those of its file system).", true,
        [
            VolumeName, VolumeMount, VolumeSize, VolumeFileSystem, VolumeMountOptions, VolumeEncrypt, VolumeGrow, VolumeOnUnlockFailure,
            VolumeRecoveryKey, VolumeEscrowProgram, VolumeSnapshots, VolumeSharedPaths, VolumeSharedOn, VolumeImagePaths, VolumeSnapshotSize,
            VolumeMinimumFree, VolumeOnDamage, VolumeFactoryReset,
        ]),
        new("tpm", "What the TPM is used for: measurements, and the keys of encrypted volumes.", false, [TpmMeasure, TpmSignedPcrs, TpmPcrs, TpmPin]),
        new("boot", "The boot loader, its watchdog, and what the boot waits for.", false,
            [BootLoader, BootWatchdog, BootWatchdogModules, BootDeviceTimeout, BootInit]),
        new("overlay", "One directory of the root that can be written. Overlays are mounted after volumes, and may lie in them. Without any, /etc and /var are in memory unless a volume is there; `overlay = []` for none.", true,
            [OverlayPath, OverlayKept, OverlayVolume]),
        new("factory-reset", "Who can ask for a factory reset, beside the EFI variable `FactoryResetRequest` and `initruntime-ctl reset`.", false, [ResetLoaderVariable]),
        new("device", "What the build brings for the running device.", false, [DeviceControl]),
        new("confirm", "When a new image has proved itself. The control program does it (`device.control`): after `boot-complete.target` the image is confirmed, or else rejected (docs/updates.md).", false,
            [ConfirmWithin, ConfirmReadRoot, ConfirmNoFailedUnits]),
        new("health-check", "A program of the root that tells whether a new image does its work. It runs once the system is up, before the image is confirmed; `boot-complete.target` needs it. A unit of your own with `RequiredBy=` and `Before=boot-complete.target` is the same.", true,
            [HealthCheckName, HealthCheckCommand, HealthCheckTimeout]),
        new("update", "Update files for SWUpdate (docs/updates.md).", false,
            [UpdateMake, UpdateBoard, UpdateRevision, UpdateCompatible, UpdateAllowOlder, UpdateRestart, UpdateEncrypt, UpdateDeltaUrl]),
        new("hook", "A step of yours in the boot: a program that /init runs, or a class that is compiled into it. Its lines are in the kernel's log with its name; nothing that it starts outlives it (docs/hooks.md).", true,
            [HookName, HookAt, HookProgram, HookRootProgram, HookProject, HookClass, HookArguments, HookAfter, HookTimeout, HookOnFailure]),
        new("failure", "What follows a failed boot.", false, [OnFailure, FailureLongestDelay]),
        new("signing", "Who signs. Required: `keys`, or a certificate with a key or a command.", false,
        [
            SigningKeys, SigningCertificate, SigningKey, SigningCommand, SigningPcrPublicKey, SigningPcrKey, SigningPcrCommand,
            SigningUpdateCertificate, SigningUpdateKey, SigningUpdateCommand, SigningUpdateEncryptionKey,
        ]),
        new("development", "What a product must not have; the build says so loudly.", false, [DevelopmentDebugShell]),
    ];

    /// <summary>Every key of every section.</summary>
    internal static IEnumerable<ManifestKey> Keys => All.SelectMany(section => section.Keys);

    /// <summary>The section of that name, or null.</summary>
    internal static ManifestSection? Find(string name) => All.FirstOrDefault(section => section.Name == name);
}
