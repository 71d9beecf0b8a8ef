using System.IO;

namespace InitRuntime.Formats.Cpio;

/// <summary>What a member of an archive is.</summary>
public enum CpioEntryType
{
    /// <summary>A type that is none of the others: a FIFO, a socket.</summary>
    Other,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link; its content is the target.</summary>
    SymbolicLink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,
}

/// <summary>One member of an archive, as it stands there: names may be absolute, hold ".." or be there twice.</summary>
public sealed record CpioEntry
{
    /// <summary>UTF-8 of the archive; bytes that are none became U+FFFD. Never empty.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required CpioEntryType Type { get; init; }

    /// <summary>Permissions with set-user-id, set-group-id and sticky bits.</summary>
    public required UnixFileMode Permissions { get; init; }

    /// <summary>Owner.</summary>
    public required uint UserId { get; init; }

    /// <summary>Group.</summary>
    public required uint GroupId { get; init; }

    /// <summary>Time of last change, in seconds since 1970.</summary>
    public required uint ModifiedSeconds { get; init; }

    /// <summary>Members with the same number and more than one link are one file; the last has the content.</summary>
    public required uint Inode { get; init; }

    /// <summary>Number of hard links.</summary>
    public required uint Links { get; init; }

    /// <summary>Length of the content, in bytes.</summary>
    public required uint Length { get; init; }

    /// <summary>Of a device.</summary>
    public required uint DeviceMajor { get; init; }

    /// <summary>Of a device.</summary>
    public required uint DeviceMinor { get; init; }
}
