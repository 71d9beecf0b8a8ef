using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>A checked manifest: every value set, every path absolute, every size in bytes. Made by the manifest reader only.</summary>
internal sealed record ImageManifest
{
    /// <summary>Absolute path of the manifest itself.</summary>
    public required string File { get; init; }

    public required ImageSection Image { get; init; }

    public required RootfsSection Rootfs { get; init; }

    public required KernelSection Kernel { get; init; }

    public required VeritySection Verity { get; init; }

    public required DiskSection Disk { get; init; }

    /// <summary>The persistent volumes, in the order of their partitions and of mounting.</summary>
    public required IReadOnlyList<VolumeSection> Volumes { get; init; }

    public required TpmSettings Tpm { get; init; }

    public required BootSection Boot { get; init; }

    public required IReadOnlyList<OverlaySettings> Overlays { get; init; }

    /// <summary>EFI Boot Guard's user variable that can ask for a factory reset; null for none.</summary>
    public string? ResetVariable { get; init; }

    public DeviceSection Device { get; init; } = new(Control: true);

    public ConfirmSection Confirm { get; init; } = new(WithinSeconds: 600, ReadRoot: true, NoFailedUnits: false);

    public UpdateSection Update { get; init; } = new(Make: false, "", "", [], AllowOlder: false, Restart: false, Encrypt: false, DeltaUrl: null);

    /// <summary>The integrator's steps in the boot, in their order.</summary>
    public IReadOnlyList<HookSection> Hooks { get; init; } = [];

    /// <summary>What a new image has to pass.</summary>
    public IReadOnlyList<HealthCheck> HealthChecks { get; init; } = [];

    public required FailureSettings Failure { get; init; }

    public required SigningSection Signing { get; init; }

    public required DevelopmentSection Development { get; init; }
}

/// <summary><c>[image]</c>: what it is called.</summary>
/// <param name="Name">Lower-case letters, digits, dot and dash.</param>
/// <param name="Version">For people, and for update rules: compared as Debian compares versions.</param>
/// <param name="Uuid">The image UUID; without it, derived from the content.</param>
internal sealed record ImageSection(string Name, string Version, Guid? Uuid);

/// <summary><c>[rootfs]</c>: where the files of the root come from, and the file system that holds them.</summary>
internal sealed record RootfsSection
{
    /// <summary>Debian suite for mmdebstrap; null when <see cref="Tar"/> or <see cref="Tree"/> is given.</summary>
    public required string? Suite { get; init; }

    /// <summary>Debian architecture: <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>apt sources lines or URLs; empty for mmdebstrap's own default.</summary>
    public required IReadOnlyList<string> Mirrors { get; init; }

    /// <summary>Debian packages beside the essential ones; the kernel is not among them.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    /// <summary>Paths (dpkg patterns) that are left out when packages are unpacked.</summary>
    public required IReadOnlyList<string> Exclude { get; init; }

    /// <summary>Directories whose content is copied over the root, in this order, owned by root.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Programs run in the root at the end (chroot), in this order.</summary>
    public required IReadOnlyList<string> Scripts { get; init; }

    /// <summary>A ready root file system as a tar archive, instead of <see cref="Suite"/>.</summary>
    public required string? Tar { get; init; }

    /// <summary>A ready root file system as a directory, instead of <see cref="Suite"/>.</summary>
    public required string? Tree { get; init; }

    /// <summary><c>erofs</c> or <c>squashfs</c>.</summary>
    public required string FileSystem { get; init; }

    /// <summary>Compressor as mkfs.erofs -z or mksquashfs -comp takes it, or <c>none</c>.</summary>
    public required string Compression { get; init; }

    /// <summary>Whether it is laid out so that two versions have many chunks in common.</summary>
    public bool ForDelta { get; init; }
}

/// <summary><c>[kernel]</c>: which kernel, with which words, and which of its modules.</summary>
internal sealed record KernelSection
{
    /// <summary>Debian package (installed with the root file system), unless the root is ready-made and has one.</summary>
    public required string Package { get; init; }

    /// <summary>The kernel command line, sealed in the UKI; one word an item.</summary>
    public required IReadOnlyList<string> CommandLine { get; init; }

    /// <summary>Modules loaded when a device asks for them (by modalias).</summary>
    public required IReadOnlyList<string> Modules { get; init; }

    /// <summary>Modules loaded at every boot, beside those the boot chain itself needs.</summary>
    public required IReadOnlyList<string> ModulesAlways { get; init; }

    /// <summary>Module parameters, by module name.</summary>
    public required IReadOnlyDictionary<string, string> ModuleOptions { get; init; }
}

/// <summary><c>[verity]</c>.</summary>
internal sealed record VeritySection
{
    public required string Algorithm { get; init; }

    public required int DataBlockSize { get; init; }

    public required int HashBlockSize { get; init; }

    /// <summary>Salt, lower-case hex; empty for none.</summary>
    public required string Salt { get; init; }

    public required CorruptionPolicy OnCorruption { get; init; }

    public required bool CheckAtMostOnce { get; init; }

    public required bool IgnoreZeroBlocks { get; init; }

    public required bool TryVerifyInTasklet { get; init; }

    /// <summary>Reed-Solomon parity bytes for each codeword (2 to 24), or 0 for no error correction.</summary>
    public required int FecRoots { get; init; }

    /// <summary>Key and certificate (PEM) that sign the root hash for the kernel's keyring; both or neither.</summary>
    public required string? RootHashKey { get; init; }

    public required string? RootHashCertificate { get; init; }
}

/// <summary><c>[disk]</c>: sizes of the partitions, in bytes.</summary>
internal sealed record DiskSection
{
    public required long EfiSize { get; init; }

    public required long BootSize { get; init; }

    public required long RootSize { get; init; }
}

/// <summary><c>[[volume]]</c>: a persistent partition behind the root slots.</summary>
/// <param name="Settings">What /init is told.</param>
/// <param name="Size">In bytes.</param>
/// <param name="ImagePathsAreNamed">Whether the manifest names its image paths, so that the root has to have them.</param>
internal sealed record VolumeSection(VolumeSettings Settings, long Size, bool ImagePathsAreNamed = false)
{
    public bool IsEncrypted => Settings.Encryption != VolumeEncryption.None;
}

/// <summary><c>[boot]</c>.</summary>
internal sealed record BootSection
{
    /// <summary><c>efi-boot-guard</c> or <c>systemd-boot</c>.</summary>
    public required string Loader { get; init; }

    /// <summary>Whether kernels are entries of systemd-boot, all in one partition.</summary>
    public bool HasEntries => Loader == ManifestKeys.SystemdBoot;

    /// <summary>What EFI Boot Guard arms, in seconds; 0 for none (a board without a driver for it does not boot otherwise).</summary>
    public required int WatchdogSeconds { get; init; }

    /// <summary>Drivers that can feed the watchdog during long work.</summary>
    public required IReadOnlyList<string> WatchdogModules { get; init; }

    /// <summary>Whether the manifest names them, so that the kernel has to have them.</summary>
    public required bool WatchdogModulesAreNamed { get; init; }

    public required int DeviceTimeoutSeconds { get; init; }

    /// <summary>The program of the root that takes over as PID 1.</summary>
    public required string Init { get; init; }
}

/// <summary><c>[device]</c>: what the build brings for the running device.</summary>
/// <param name="Control">Whether the root gets the control program.</param>
internal sealed record DeviceSection(bool Control);

/// <summary><c>[confirm]</c>: when a new image has proved itself.</summary>
/// <param name="WithinSeconds">How long it has, from the start of systemd.</param>
/// <param name="ReadRoot">Whether the whole root is read first.</param>
/// <param name="NoFailedUnits">Whether a failed unit of systemd is enough to reject it.</param>
internal sealed record ConfirmSection(int WithinSeconds, bool ReadRoot, bool NoFailedUnits);

/// <summary><c>[update]</c>: update files for SWUpdate.</summary>
/// <param name="Make">Whether there are any.</param>
/// <param name="Board">What the hardware is called.</param>
/// <param name="Revision">Of the hardware.</param>
/// <param name="Compatible">Revisions that the image runs on, as SWUpdate's hardware-compatibility.</param>
/// <param name="AllowOlder">Whether a device takes lower versions.</param>
/// <param name="Restart">Whether a device restarts once an update is installed.</param>
/// <param name="Encrypt">Whether the update file is encrypted.</param>
/// <param name="DeltaUrl">Where the chunks of updates are published, without a slash at its end; null for full updates alone.</param>
internal sealed record UpdateSection(
    bool Make, string Board, string Revision, IReadOnlyList<string> Compatible, bool AllowOlder, bool Restart, bool Encrypt, string? DeltaUrl);

/// <summary><c>[[hook]]</c>: a step of the integrator in the boot.</summary>
/// <param name="Settings">As /init reads them.</param>
/// <param name="Source">The program on the build machine that goes into the initramfs, or the project that goes into /init; null for one of the root.</param>
/// <param name="File">The manifest that declares it.</param>
/// <param name="Line">Where in it, from 1: for errors of the compiler.</param>
internal sealed record HookSection(HookSettings Settings, string? Source, string File, int Line)
{
    /// <summary>Directory of hooks in the initramfs.</summary>
    internal const string Directory = "/usr/lib/initruntime/hooks";
}

/// <summary><c>[[health-check]]</c>: a program that an image on trial has to pass.</summary>
/// <param name="Name">Of its unit.</param>
/// <param name="Command">Absolute path in the root, and arguments.</param>
/// <param name="TimeoutSeconds">How long it may take.</param>
internal sealed record HealthCheck(string Name, IReadOnlyList<string> Command, int TimeoutSeconds);

/// <summary><c>[signing]</c>: key files, or a command that signs (an HSM).</summary>
internal sealed record SigningSection
{
    /// <summary>db certificate (PEM) for Secure Boot.</summary>
    public required string SecureBootCertificate { get; init; }

    /// <summary>Its private key (PEM), or null with <see cref="SecureBootCommand"/>.</summary>
    public required string? SecureBootKey { get; init; }

    /// <summary>
    /// Words of a command that gets the SHA-256 digest to sign as hex in its last argument and prints the raw RSA PKCS#1 v1.5
    /// signature; null with <see cref="SecureBootKey"/>.
    /// </summary>
    public required IReadOnlyList<string>? SecureBootCommand { get; init; }

    /// <summary>Public half (PEM) of the key that signs PCR policies; null for an image without such policies.</summary>
    public required string? PcrPublicKey { get; init; }

    /// <summary>Its private key (PEM), or null with <see cref="PcrCommand"/>.</summary>
    public required string? PcrKey { get; init; }

    /// <summary>As <see cref="SecureBootCommand"/>; null with <see cref="PcrKey"/>.</summary>
    public required IReadOnlyList<string>? PcrCommand { get; init; }

    /// <summary>Certificate (PEM) of the key that signs update files; null where there are none.</summary>
    public string? UpdateCertificate { get; init; }

    /// <summary>Its private key (PEM), or null with <see cref="UpdateCommand"/>.</summary>
    public string? UpdateKey { get; init; }

    /// <summary>As <see cref="SecureBootCommand"/>; null with <see cref="UpdateKey"/>.</summary>
    public IReadOnlyList<string>? UpdateCommand { get; init; }

    /// <summary>AES key of update files; null where a device knows none.</summary>
    public string? UpdateEncryptionKey { get; init; }

    /// <summary>Directory with PK, KEK and db, for <c>initruntime run</c> to enrol; null if unknown.</summary>
    public required string? EnrolDirectory { get; init; }
}

/// <summary><c>[development]</c>: what a product must not have; the build says so loudly.</summary>
internal sealed record DevelopmentSection
{
    /// <summary>A failure opens a shell on the console.</summary>
    public required bool DebugShell { get; init; }
}
