namespace InitRuntime.Linux;

/// <summary>What an entry of a directory is. The numbers are those of readdir(3), and of stat(2)'s mode from bit 12 on.</summary>
public enum FileKind
{
    /// <summary>A named pipe.</summary>
    Pipe = 1,

    /// <summary>A character device; the one with number 0:0 is a whiteout of overlayfs.</summary>
    CharacterDevice = 2,

    /// <summary>A directory.</summary>
    Directory = 4,

    /// <summary>A block device.</summary>
    BlockDevice = 6,

    /// <summary>A regular file.</summary>
    File = 8,

    /// <summary>A symbolic link.</summary>
    SymbolicLink = 10,

    /// <summary>A socket.</summary>
    Socket = 12,
}
