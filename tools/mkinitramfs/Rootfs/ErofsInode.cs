using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>An inode of EROFS. Source: fs/erofs/erofs_fs.h, <c>erofs_inode_compact</c> and <c>erofs_inode_extended</c>.</summary>
internal sealed class ErofsInode
{
    internal const int SlotBits = 5;

    private const int TypeMask = 0xf000;
    private const int DirectoryType = 0x4000;
    private const int RegularType = 0x8000;
    private const int LinkType = 0xa000;
    private const int CompactLength = 32;
    private const int ExtendedLength = 64;
    private const int XattrHeaderLength = 12;
    private const int XattrUnit = 4;

    private ErofsInode(ErofsBlocks blocks, long position)
    {
        int format = blocks.ReadUInt16(position);
        bool extended = (format & 1) != 0;
        int xattrs = blocks.ReadUInt16(position + 2);
        Position = position;
        Layout = (ErofsLayout)((format >> 1) & 7);
        Type = blocks.ReadUInt16(position + 4) & TypeMask;
        Size = extended ? (long)blocks.ReadUInt64(position + 8) : blocks.ReadUInt32(position + 8);
        End = position + (extended ? ExtendedLength : CompactLength) + (xattrs == 0 ? 0 : XattrHeaderLength + (XattrUnit * (xattrs - 1)));
        // Of a device it is its number.
        Value = Type is DirectoryType or RegularType or LinkType ? blocks.ReadUInt32(ValuePosition) : 0;
    }

    internal long Position { get; }

    internal ErofsLayout Layout { get; }

    internal long Size { get; }

    /// <summary>Behind the inode and its extended attributes: content that is kept there, or the index of a compressed file.</summary>
    internal long End { get; }

    /// <summary>Where <see cref="Value"/> stands.</summary>
    internal long ValuePosition => Position + 16;

    /// <summary>First block of the content; of a compressed file, how many blocks it has.</summary>
    internal uint Value { get; }

    internal bool IsDirectory => Type == DirectoryType;

    private int Type { get; }

    internal static ErofsInode Read(ErofsBlocks blocks, long position)
    {
        var inode = new ErofsInode(blocks, position);
        return inode.Layout <= ErofsLayout.Compressed
            ? inode
            : throw new BuildException($"mkfs.erofs: the inode at byte {position} has a layout ({inode.Layout}) that is not known here");
    }

    /// <summary>Blocks of content that is not compressed and not kept behind the inode.</summary>
    internal uint PlainBlocks(int blockLength) => Layout switch
    {
        ErofsLayout.Plain when Type is DirectoryType or RegularType or LinkType => (uint)((Size + blockLength - 1) / blockLength),
        ErofsLayout.Inline => (uint)(Size / blockLength),
        _ => 0,
    };
}

/// <summary>How content is stored. Source: fs/erofs/erofs_fs.h, <c>EROFS_INODE_FLAT_PLAIN</c> and its fellows.</summary>
internal enum ErofsLayout
{
    Plain = 0,

    /// <summary>Compressed, with an index of eight bytes for each cluster.</summary>
    CompressedFull = 1,

    /// <summary>The last, incomplete block stands behind the inode.</summary>
    Inline = 2,

    /// <summary>Compressed, with a packed index.</summary>
    Compressed = 3,
}
