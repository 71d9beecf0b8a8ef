using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.BootConfig;

/// <summary>
/// All that /init believes: <c>/etc/initruntime/boot.json</c> in the signed initramfs. Written by the build tool from the
/// manifest, read by /init, both through <see cref="BootConfigJson"/>.
/// </summary>
public sealed record BootConfiguration
{
    /// <summary>Version of this file's form; only 1 is known.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>UUID of the image: also its verity superblock's UUID, and IMAGE_UUID in its os-release.</summary>
    public required Guid ImageUuid { get; init; }

    /// <summary>The manifest's image name and version, for people.</summary>
    public required string ImageName { get; init; }

    /// <inheritdoc cref="ImageName"/>
    public required string ImageVersion { get; init; }

    /// <summary>The root file system and its verity tree.</summary>
    public required RootSettings Root { get; init; }

    /// <summary>The kernel modules, each after all that it depends on.</summary>
    public required IReadOnlyList<ModuleSettings> Modules { get; init; }

    /// <summary>Directories of the root that are writable, lower layer below upper layer.</summary>
    public required IReadOnlyList<OverlaySettings> Overlays { get; init; }

    /// <summary>Persistent volumes, in the order in which they are mounted.</summary>
    public IReadOnlyList<VolumeSettings> Volumes { get; init; } = [];

    /// <summary>Programs of the integrator, those of one point in the order in which they run.</summary>
    public IReadOnlyList<HookSettings> Hooks { get; init; } = [];

    /// <summary>What the TPM is used for.</summary>
    public TpmSettings Tpm { get; init; } = new();

    /// <summary>EFI Boot Guard's user variable that can ask for a factory reset; null if none can. Nobody signs it.</summary>
    public string? ResetVariable { get; init; }

    /// <summary>What follows a failed boot.</summary>
    public required FailureSettings Failure { get; init; }

    /// <summary>What the boot loader gave the whole boot, in seconds; 0 if it armed no watchdog. Long work feeds it.</summary>
    public int WatchdogSeconds { get; init; }

    /// <summary>How long /init waits for devices, in seconds, over all waits of one boot.</summary>
    public required int DeviceTimeoutSeconds { get; init; }

    /// <summary>The program of the root that takes over as PID 1; an absolute path there.</summary>
    public required string Init { get; init; }

    /// <summary>Whether a failure opens a shell on the console. Development images only.</summary>
    public required bool DebugShell { get; init; }
}

/// <summary>The root file system and the verity tree behind it in the same partition.</summary>
public sealed record RootSettings
{
    /// <summary>The kernel's name of the file system: <c>erofs</c> or <c>squashfs</c>.</summary>
    public required string FileSystem { get; init; }

    /// <summary>GPT labels of the root slots, in slot order (A first). At least one.</summary>
    public required IReadOnlyList<string> SlotLabels { get; init; }

    /// <summary>What the kernel needs for dm-verity.</summary>
    public required VeritySettings Verity { get; init; }
}

/// <summary>Parameters of a dm-verity device. Source: Documentation/admin-guide/device-mapper/verity.rst.</summary>
public sealed record VeritySettings
{
    /// <summary>Digest, by its kernel name: <c>sha256</c>, <c>sha512</c> ...</summary>
    public required string Algorithm { get; init; }

    /// <summary>Digest of the top hash block, lower-case hex.</summary>
    public required string RootHash { get; init; }

    /// <summary>Salt, lower-case hex; empty for none.</summary>
    public required string Salt { get; init; }

    /// <summary>In bytes; 512 to 65536, a power of two.</summary>
    public required int DataBlockSize { get; init; }

    /// <summary>In bytes; 512 to 65536, a power of two.</summary>
    public required int HashBlockSize { get; init; }

    /// <summary>Number of data blocks.</summary>
    public required long DataBlocks { get; init; }

    /// <summary>Where the verity superblock begins in the partition, in bytes; the tree follows in the next hash block.</summary>
    public required long HashOffset { get; init; }

    /// <summary>What the kernel does with a changed block or a read error, once the root is mounted.</summary>
    public required CorruptionPolicy OnCorruption { get; init; }

    /// <summary>Verify each data block only the first time it is read.</summary>
    public bool CheckAtMostOnce { get; init; }

    /// <summary>Do not read blocks that are known to be zero.</summary>
    public bool IgnoreZeroBlocks { get; init; }

    /// <summary>Verify in a tasklet where the kernel can.</summary>
    public bool TryVerifyInTasklet { get; init; }

    /// <summary>Forward error correction data behind the tree, if any.</summary>
    public ForwardErrorCorrection? Fec { get; init; }

    /// <summary>Path in the initramfs of a detached PKCS#7 signature of the root hash, if the kernel is to check one.</summary>
    public string? RootHashSignature { get; init; }
}

/// <summary>What the kernel does when a block of the root does not match its hash, or cannot be read.</summary>
public enum CorruptionPolicy
{
    /// <summary>Panic: <c>panic_on_corruption</c>, and <c>panic_on_error</c> where the kernel has it.</summary>
    Panic,

    /// <summary>Restart: <c>restart_on_corruption</c>, and <c>restart_on_error</c> where the kernel has it.</summary>
    Restart,

    /// <summary>Fail the read with EIO: the kernel's own default.</summary>
    Eio,

    /// <summary>Log only: <c>ignore_corruption</c>. Never for a product.</summary>
    Ignore,
}

/// <summary>Forward error correction of dm-verity (Reed-Solomon), in the same partition.</summary>
public sealed record ForwardErrorCorrection
{
    /// <summary>Where the parity begins in the partition, in bytes.</summary>
    public required long Offset { get; init; }

    /// <summary>Parity bytes for each codeword, 2 to 24.</summary>
    public required int Roots { get; init; }

    /// <summary>Number of blocks (of the data block size) that are covered.</summary>
    public required long Blocks { get; init; }
}

/// <summary>One kernel module of the image.</summary>
public sealed record ModuleSettings
{
    /// <summary>The kernel's name, with underscores.</summary>
    public required string Name { get; init; }

    /// <summary>Path of the uncompressed .ko in the initramfs or in the root.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// Whether it is taken from the verified root, once that is mounted: what the root itself does not need makes no initramfs
    /// larger.
    /// </summary>
    public bool InRoot { get; init; }

    /// <summary>Load it at every boot, whether or not a device asks for it.</summary>
    public required bool Always { get; init; }

    /// <summary>Parameters, as on a modprobe command line.</summary>
    public string Options { get; init; } = "";

    /// <summary>Positions in <see cref="BootConfiguration.Modules"/> of what must be loaded before; all are smaller than its own.</summary>
    public IReadOnlyList<int> Needs { get; init; } = [];

    /// <summary>
    /// What it brings to the kernel's crypto API, such as <c>xts(aes)</c>, if it is loaded for nothing else: it is left out where the
    /// processor has a module that brings the same. Empty for all other modules. A volume's file system asks by this name, too.
    /// </summary>
    public string Algorithm { get; init; } = "";

    /// <summary>Device aliases (shell patterns with * ? [..]) that ask for it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}

/// <summary>One directory of the root that gets a writable layer.</summary>
public sealed record OverlaySettings
{
    /// <summary>Absolute path in the root.</summary>
    public required string Path { get; init; }

    /// <summary>Where the writable layer lives.</summary>
    public required OverlayUpper Upper { get; init; }

    /// <summary>Name of the volume that holds it; null in memory.</summary>
    public string? Volume { get; init; }
}

/// <summary>Where an overlay's writable layer lives.</summary>
public enum OverlayUpper
{
    /// <summary>In memory: gone with the next boot.</summary>
    Memory,

    /// <summary>On a volume, with the data of this image: a new image begins with its predecessor's layer, a roll-back finds its own.</summary>
    Image,

    /// <summary>On a volume, one for all images.</summary>
    Shared,
}

/// <summary>What follows a failed boot.</summary>
public sealed record FailureSettings
{
    /// <summary>What is done at last.</summary>
    public required FailureAction Action { get; init; }

    /// <summary>The longest pause before a reboot when the same image fails again and again, in seconds.</summary>
    public required int LongestDelaySeconds { get; init; }
}

/// <summary>What is done after a failed boot was reported.</summary>
public enum FailureAction
{
    /// <summary>Reboot: at once the first time, then after growing pauses.</summary>
    Reboot,

    /// <summary>Stop with the message on the console, until power is cut or the watchdog ends it.</summary>
    Halt,

    /// <summary>Switch off.</summary>
    PowerOff,
}
