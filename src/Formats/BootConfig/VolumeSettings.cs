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
