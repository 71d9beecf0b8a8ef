namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>One member of a tar archive, and where its bytes lie in the archive.</summary>
/// <param name="Path">Without a leading <c>./</c> or <c>/</c> and without a final slash; empty for the root directory.</param>
/// <param name="Type">The type flag of POSIX pax: <c>0</c> file, <c>1</c> hard link, <c>2</c> symbolic link, <c>5</c> directory ...</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="LinkTarget">What a link points to, as written; empty otherwise.</param>
/// <param name="Offset">Where its first header block begins (extended headers included), in bytes.</param>
/// <param name="DataOffset">Where its data begins, in bytes.</param>
/// <param name="Size">Length of its data, in bytes.</param>
internal sealed record TarEntry(string Path, char Type, int Mode, string LinkTarget, long Offset, long DataOffset, long Size)
{
    internal const char File = '0';
    internal const char HardLink = '1';
    internal const char SymbolicLink = '2';
    internal const char CharacterDevice = '3';
    internal const char BlockDevice = '4';
    internal const char Directory = '5';
    internal const char Pipe = '6';

    /// <summary>Owner, by number.</summary>
    internal long Uid { get; init; }

    /// <summary>Group, by number.</summary>
    internal long Gid { get; init; }

    /// <summary>A device's own number, <c>major:minor</c>; empty otherwise.</summary>
    internal string Device { get; init; } = "";

    internal bool IsFile => Type is File;

    internal bool IsDirectory => Type is Directory;

    internal bool IsSymbolicLink => Type is SymbolicLink;

    /// <summary>Where the next member begins, in bytes.</summary>
    internal long End => DataOffset + TarFormat.Padded(Size);
}
