using System.Collections.Generic;

namespace InitRuntime.Formats.BootConfig;

/// <summary>A persistent volume: a partition of the boot disk, mounted into the root.</summary>
public sealed record VolumeSettings
{
    /// <summary>The longest name: a GPT label (36 UTF-16 units).</summary>
    public const int MaximumNameLength = 36;

    /// <summary>GPT label of its partition, and name of the device under /dev/mapper: lower-case letters, digits and dashes.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path in the root.</summary>
    public required string MountPoint { get; init; }

    /// <summary>The kernel's name of the file system: <c>btrfs</c>, <c>ext4</c> or <c>xfs</c>.</summary>
    public required string FileSystem { get; init; }

    /// <summary>As mount -o takes them, separated by commas; empty for none.</summary>
    public string MountOptions { get; init; } = "";

    /// <summary>Whether it is encrypted, and what the first boot does with what is there.</summary>
    public required VolumeEncryption Encryption { get; init; }

    /// <summary>Whether partition, encryption and file system are grown to the end of the disk; only for the last partition.</summary>
    public bool Grow { get; init; }

    /// <summary>What follows when the TPM does not give its key.</summary>
    public UnlockFallback OnUnlockFailure { get; init; }

    /// <summary>Whether the first boot makes a second key for people, and what becomes of it.</summary>
    public RecoveryKeyUse RecoveryKey { get; init; }

    /// <summary>Program of the root that takes the recovery key on its standard input; an absolute path there. With <see cref="RecoveryKeyUse.Escrow"/>.</summary>
    public string? EscrowProgram { get; init; }

    /// <summary>Whose the data are: each image's own, or one for all.</summary>
    public SnapshotProvider Snapshots { get; init; }

    /// <summary>Directories below the mount point that all images share nevertheless; absolute paths in the root, none within another.</summary>
    public IReadOnlyList<string> SharedPaths { get; init; } = [];

    /// <summary>The volume that holds <see cref="SharedPaths"/>, where the volume itself cannot: with <see cref="SnapshotProvider.DmSnapshot"/>.</summary>
    public string? SharedOn { get; init; }

    /// <summary>
    /// What lies below the mount point and yet belongs to the image, such as dpkg's database: the root has symbolic links to its
    /// read-only side there, and so gets the volume. Absolute paths in the root.
    /// </summary>
    public IReadOnlyList<string> ImagePaths { get; init; } = [];

    /// <summary>
    /// Length of the copy-on-write area behind the file system, in bytes, a multiple of 1 MiB; with
    /// <see cref="SnapshotProvider.DmSnapshot"/>, else 0.
    /// </summary>
    public long SnapshotBytes { get; init; }

    /// <summary>What must be free before a new image gets its snapshot, in bytes; with <see cref="SnapshotProvider.Btrfs"/>, else 0.</summary>
    public long MinimumFreeBytes { get; init; }

    /// <summary>What follows when the file system is damaged and its own tools cannot repair it safely.</summary>
    public DamageAction OnDamage { get; init; }

    /// <summary>Whether a factory reset of all volumes takes this one, too.</summary>
    public bool FactoryReset { get; init; } = true;
}

/// <summary>Whose a volume's data are.</summary>
public enum SnapshotProvider
{
    /// <summary>One state of the data for all images.</summary>
    Shared,

    /// <summary>Each image has a subvolume of its own, a snapshot of its predecessor's.</summary>
    Btrfs,

    /// <summary>An image on trial writes into a copy-on-write area; it is merged once the image is confirmed, and dropped otherwise.</summary>
    DmSnapshot,
}

/// <summary>What follows when a volume's file system is damaged.</summary>
public enum DamageAction
{
    /// <summary>The boot fails.</summary>
    Fail,

    /// <summary>The volume is made anew, as on a first boot: what it held is gone.</summary>
    Recreate,
}

/// <summary>Whether a volume is encrypted, and what becomes of what the first boot finds. An encrypted volume is never mounted plain.</summary>
public enum VolumeEncryption
{
    /// <summary>A partition that is marked as new is encrypted and formatted; a plain one is refused.</summary>
    Format,

    /// <summary>As <see cref="Format"/>; a plain file system is encrypted in place, with all that it holds.</summary>
    Reencrypt,

    /// <summary>As <see cref="Reencrypt"/>; a partition without anything is formatted, marked or not.</summary>
    FormatIfEmpty,

    /// <summary>Not encrypted; a partition that is marked as new is formatted.</summary>
    None,
}

/// <summary>What follows when the TPM does not give a volume's key.</summary>
public enum UnlockFallback
{
    /// <summary>The boot fails.</summary>
    Fail,

    /// <summary>A passphrase or the recovery key is asked for on the console.</summary>
    Ask,
}

/// <summary>Whether there is a second key for people, and what becomes of it when it is made.</summary>
public enum RecoveryKeyUse
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>It is shown on the console, once.</summary>
    Show,

    /// <summary>It is handed to a program of the verified root, once.</summary>
    Escrow,
}

/// <summary>What the TPM is used for, and what a volume's key is bound to.</summary>
public sealed record TpmSettings
{
    /// <summary>PCRs that a PC client TPM has. Source: TCG PC Client Platform TPM Profile, 4.6.</summary>
    public const int PcrCount = 24;

    /// <summary>Whether a boot that cannot measure itself goes on.</summary>
    public MeasurePolicy Measure { get; init; }

    /// <summary>PCRs bound to what the image's PCR key signs: updates unlock without a new seal.</summary>
    public IReadOnlyList<int> SignedPcrs { get; init; } = [];

    /// <summary>PCRs bound to the values they have when the volume is sealed.</summary>
    public IReadOnlyList<int> Pcrs { get; init; } = [];

    /// <summary>Whether a PIN from the console is needed as well.</summary>
    public bool Pin { get; init; }
}

/// <summary>Whether a boot that cannot measure itself goes on.</summary>
public enum MeasurePolicy
{
    /// <summary>It goes on, and says so.</summary>
    BestEffort,

    /// <summary>It fails.</summary>
    Required,
}
