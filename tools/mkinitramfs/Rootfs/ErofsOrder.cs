using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Crypto;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// Orders the blocks of an EROFS image anew: first all that describes files, then all that files contain, each as it was.
/// mkfs.erofs puts inodes and directories between the content. They hold block numbers, so a file that grows changes each of them, all over the image,
/// and a download by chunks costs a fifth of it; side by side they are few chunks, and content that only moved is found again.
/// </summary>
/// <remarks>Sources: fs/erofs/erofs_fs.h; fs/erofs/zmap.c for the packed index.</remarks>
internal sealed class ErofsOrder
{
    private const int SuperblockPosition = 1024;
    private const int ChecksumPosition = SuperblockPosition + 4;
    private const int RootPosition = SuperblockPosition + 14;
    private const int BlocksPosition = SuperblockPosition + 36;
    private const int MetadataPosition = SuperblockPosition + 40;
    private const int XattrsPosition = SuperblockPosition + 44;
    private const int FeaturesPosition = SuperblockPosition + 80;

    /// <summary>LZ4 with zeros in front; configurations of compressors behind the superblock. What else there is moves content to other places.</summary>
    private const uint KnownFeatures = 3;

    private const int DirectoryEntryLength = 12;
    private const int MapHeaderLength = 8;

    /// <summary>Bits of a map header's advice.</summary>
    private const int LongPacks = 1;

    private const int BigClusters = 2;
    private const int CopyLength = 1 << 20;

    private readonly FileStream _image;
    private readonly ErofsBlocks _blocks;
    private readonly long _metadata;

    /// <summary>By where they stand.</summary>
    private readonly SortedDictionary<long, ErofsInode> _inodes = [];

    /// <summary>For each block: where it goes to.</summary>
    private readonly uint[] _target;

    private ErofsOrder(FileStream image)
    {
        byte[] start = new byte[SuperblockPosition + 128];
        if (RandomAccess.Read(image.SafeFileHandle, start, 0) != start.Length)
        {
            throw new BuildException("mkfs.erofs: the file system has no superblock");
        }

        _image = image;
        _blocks = new ErofsBlocks(image, start[SuperblockPosition + 12]);
        _metadata = (long)_blocks.ReadUInt32(MetadataPosition) * _blocks.BlockLength;
        _target = new uint[_blocks.ReadUInt32(BlocksPosition)];
    }

    /// <summary>Replaces an image by the ordered one.</summary>
    /// <exception cref="BuildException">It is none that this program knows.</exception>
    internal static void Apply(string path)
    {
        string ordered = path + ".ordered";
        using (FileStream image = File.OpenRead(path))
        {
            var order = new ErofsOrder(image);
            if ((order._blocks.ReadUInt32(FeaturesPosition) & ~KnownFeatures) != 0)
            {
                throw new BuildException($"mkfs.erofs: the file system has features (0x{order._blocks.ReadUInt32(FeaturesPosition):x}) that are not known here");
            }

            order.FindInodes();
            order.Place();
            order.Renumber();
            order.Write(ordered);
        }

        File.Move(ordered, path, overwrite: true);
    }

    private void FindInodes()
    {
        var waiting = new Stack<long>();
        waiting.Push(PositionOf(_blocks.ReadUInt16(RootPosition)));
        while (waiting.TryPop(out long position))
        {
            if (_inodes.ContainsKey(position))
            {
                continue;
            }

            ErofsInode inode = ErofsInode.Read(_blocks, position);
            _inodes.Add(position, inode);
            if (inode.IsDirectory)
            {
                foreach (long entry in Entries(inode))
                {
                    waiting.Push(PositionOf(_blocks.ReadUInt64(entry)));
                }
            }
        }
    }

    /// <summary>Numbers of inodes count from the metadata's begin, those before it by wrapping around.</summary>
    private long PositionOf(ulong number) => unchecked(_metadata + (long)(number << ErofsInode.SlotBits));

    /// <summary>Where the entries of a directory stand: in blocks of its own, and behind the inode.</summary>
    private IEnumerable<long> Entries(ErofsInode directory)
    {
        uint whole = directory.PlainBlocks(_blocks.BlockLength);
        for (uint block = 0; block < whole; block++)
        {
            foreach (long entry in EntriesAt((long)(directory.Value + block) * _blocks.BlockLength))
            {
                yield return entry;
            }
        }

        if ((long)whole * _blocks.BlockLength < directory.Size)
        {
            foreach (long entry in EntriesAt(directory.End))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The first name stands behind the last entry.</summary>
    private IEnumerable<long> EntriesAt(long position)
    {
        int length = _blocks.ReadUInt16(position + 8);
        for (int at = 0; at < length; at += DirectoryEntryLength)
        {
            yield return position + at;
        }
    }

    /// <summary>Decides where each block goes to: what no file contains stays in front.</summary>
    private void Place()
    {
        bool[] isContent = new bool[_target.Length];
        foreach (ErofsInode inode in _inodes.Values)
        {
            (uint first, uint count) = Content(inode);
            if (count > 0)
            {
                isContent.AsSpan((int)first, (int)count).Fill(true);
            }
        }

        uint next = 0;
        foreach (bool content in (ReadOnlySpan<bool>)[false, true])
        {
            for (int block = 0; block < _target.Length; block++)
            {
                if (isContent[block] == content)
                {
                    _target[block] = next++;
                }
            }
        }
    }

    /// <summary>The blocks of a file's content, one run.</summary>
    private (uint First, uint Count) Content(ErofsInode inode) => inode.IsDirectory ? default
        : inode.Layout is ErofsLayout.Compressed or ErofsLayout.CompressedFull ? (FirstBlock(inode), inode.Value)
        : (inode.Value, inode.PlainBlocks(_blocks.BlockLength));

    /// <summary>A packed index counts from one before the first block, unless its clusters may have several.</summary>
    private uint FirstBlock(ErofsInode inode)
    {
        foreach (long number in Numbers(inode))
        {
            bool countsBefore = inode.Layout == ErofsLayout.Compressed && (_blocks.ReadUInt16(IndexOf(inode) + 4) & BigClusters) == 0;
            return _blocks.ReadUInt32(number) + (countsBefore ? 1u : 0u);
        }

        throw new BuildException($"mkfs.erofs: the compressed file at byte {inode.Position} has no index");
    }

    /// <summary>Where the block numbers of a compressed file stand.</summary>
    private IEnumerable<long> Numbers(ErofsInode inode) => inode.Layout == ErofsLayout.Compressed ? Packs(inode) : FullIndex(inode);

    private void Renumber()
    {
        long root = Moved(PositionOf(_blocks.ReadUInt16(RootPosition)));
        long farthest = (long)ushort.MaxValue << ErofsInode.SlotBits;
        long metadata = root <= farthest ? 0 : (root - farthest + _blocks.BlockLength - 1) / _blocks.BlockLength * _blocks.BlockLength;
        foreach (ErofsInode inode in _inodes.Values)
        {
            if (inode.IsDirectory)
            {
                foreach (long entry in Entries(inode))
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(
                        _blocks.At(entry, sizeof(ulong)), NumberOf(Moved(PositionOf(_blocks.ReadUInt64(entry))), metadata));
                }
            }

            RenumberContent(inode);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(_blocks.At(RootPosition, sizeof(ushort)), (ushort)NumberOf(root, metadata));
        BinaryPrimitives.WriteUInt32LittleEndian(_blocks.At(MetadataPosition, sizeof(uint)), _blocks.BlockOf(metadata));
        uint xattrs = _blocks.ReadUInt32(XattrsPosition);
        if (xattrs < _target.Length)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_blocks.At(XattrsPosition, sizeof(uint)), _target[xattrs]);
        }

        _blocks.At(ChecksumPosition, sizeof(uint)).Clear();
        uint checksum = ~Crc32C.Of(_blocks[0].AsSpan(_blocks.BlockLength > SuperblockPosition ? SuperblockPosition : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(_blocks.At(ChecksumPosition, sizeof(uint)), checksum);
    }

    private static ulong NumberOf(long position, long metadata) => unchecked((ulong)(position - metadata)) >> ErofsInode.SlotBits;

    private long Moved(long position) => ((long)_target[_blocks.BlockOf(position)] * _blocks.BlockLength) + (position & (_blocks.BlockLength - 1));

    private void RenumberContent(ErofsInode inode)
    {
        if (inode.PlainBlocks(_blocks.BlockLength) is > 0 and var plain)
        {
            _blocks.Add(inode.ValuePosition, Shift(inode.Value, plain));
            return;
        }

        (uint first, uint count) = Content(inode);
        if (count == 0)
        {
            return;
        }

        uint shift = Shift(first, count);
        foreach (long number in Numbers(inode))
        {
            _blocks.Add(number, shift);
        }
    }

    /// <summary>How far a run of blocks moves, modulo 2^32.</summary>
    private uint Shift(uint first, uint count) => _target[first + count - 1] - _target[first] == count - 1
        ? unchecked(_target[first] - first)
        : throw new BuildException($"mkfs.erofs: the blocks {first} to {first + count - 1} of a file are not one run");

    private static long IndexOf(ErofsInode inode) => (inode.End + 7) & ~7L;

    /// <summary>How many clusters a compressed file has before compression.</summary>
    private long Clusters(ErofsInode inode)
    {
        long length = (long)_blocks.BlockLength << (_blocks.At(IndexOf(inode) + 7, 1)[0] & 7);
        return (inode.Size + length - 1) / length;
    }

    /// <summary>Where the block numbers of a full index stand: the cluster's type says whether it has one.</summary>
    private IEnumerable<long> FullIndex(ErofsInode inode)
    {
        const int EntryLength = 8;
        const int TypeMask = 3;
        const int NoHead = 2;
        long position = IndexOf(inode) + MapHeaderLength + EntryLength;
        for (long cluster = Clusters(inode); cluster > 0; cluster--, position += EntryLength)
        {
            if ((_blocks.ReadUInt16(position) & TypeMask) != NoHead)
            {
                yield return position + 4;
            }
        }
    }

    /// <summary>
    /// Where the block numbers of a packed index stand: each pack ends with one. Packs of two entries, 8 bytes long; but between the first multiple of 32
    /// bytes and the end packs of sixteen in 32 bytes, if the index says so.
    /// </summary>
    private IEnumerable<long> Packs(ErofsInode inode)
    {
        const int ShortEntries = 2;
        const int ShortLength = 8;
        const int LongEntries = 16;
        const int LongLength = 32;
        const int NumberLength = 4;
        bool mayBeLong = (_blocks.ReadUInt16(IndexOf(inode) + 4) & LongPacks) != 0;
        long position = IndexOf(inode) + MapHeaderLength;
        for (long left = Clusters(inode); left > 0;)
        {
            bool isLong = mayBeLong && position % LongLength == 0 && left >= LongEntries;
            position += isLong ? LongLength : ShortLength;
            left -= isLong ? LongEntries : ShortEntries;
            yield return position - NumberLength;
        }
    }

    private void Write(string path)
    {
        uint[] source = new uint[_target.Length];
        for (uint block = 0; block < _target.Length; block++)
        {
            source[_target[block]] = block;
        }

        using FileStream output = new(path, FileMode.Create, FileAccess.Write, FileShare.None, CopyLength);
        foreach (uint block in source)
        {
            _blocks.Write(block, output);
        }
    }
}
