using System;
using System.IO;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Verity;

/// <summary>
/// Makes the hash tree of an image, the same bytes as <c>veritysetup format</c>, and proves its top block. Hash type 1: the
/// digest of a block is that of the salt and the block. Source: lib/verity/verity_hash.c of cryptsetup.
/// </summary>
public sealed class VerityTree
{
    private const int ReadLength = 1 << 20;

    private readonly VerityGeometry _geometry;
    private readonly byte[] _salt;
    private readonly Digest _digest;
    private readonly Stream _image;
    private readonly byte[][] _blocks;
    private readonly int[] _filled;
    private readonly long[] _written;
    private readonly byte[] _rootHash;

    private VerityTree(VerityGeometry geometry, byte[] salt, Stream image)
    {
        _geometry = geometry;
        _salt = salt;
        _digest = new Digest(geometry.Algorithm);
        _image = image;
        _blocks = new byte[geometry.Levels.Count][];
        for (int i = 0; i < _blocks.Length; i++)
        {
            _blocks[i] = new byte[geometry.HashBlockSize];
        }

        _filled = new int[_blocks.Length];
        _written = new long[_blocks.Length];
        _rootHash = new byte[geometry.Algorithm.LengthInBytes()];
    }

    /// <summary>
    /// Reads the data blocks at the front of <paramref name="image"/> once, in order, writes superblock and tree from
    /// <paramref name="hashOffset"/> on, and gives the root hash. The image becomes as long as the tree needs.
    /// </summary>
    /// <param name="image">Readable, writable and seekable; holds at least the data.</param>
    /// <param name="superblock">The parameters of the tree.</param>
    /// <param name="hashOffset">Where the superblock goes, in bytes: a multiple of 512 behind the data.</param>
    /// <param name="progress">Gets the number of data bytes that are done, from time to time.</param>
    /// <exception cref="ArgumentException">No tree can have these parameters.</exception>
    /// <exception cref="EndOfStreamException">The image is shorter than its data blocks.</exception>
    public static byte[] Append(Stream image, VeritySuperblock superblock, long hashOffset, Action<long>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(superblock);
        if (!VerityGeometry.TryCreate(superblock, hashOffset, out VerityGeometry? geometry, out ParseError error))
        {
            throw new ArgumentException(error.Message, nameof(superblock));
        }

        var tree = new VerityTree(geometry, superblock.Salt, image);
        tree.HashData(progress);
        tree.FlushLevels();

        // From the superblock to the first hash block: the rest of that block is zero.
        long treeOffset = geometry.HashStartBlock * geometry.HashBlockSize;
        byte[] front = new byte[treeOffset - hashOffset];
        superblock.Write(front);
        image.Position = hashOffset;
        image.Write(front);
        return tree._rootHash;
    }

    /// <summary>
    /// Whether a block read from <see cref="VerityGeometry.TopBlockOffset"/> is the one that the root hash stands for. The
    /// kernel asks the same at the first read; to ask before the table is loaded gives a plain answer instead of an I/O error.
    /// </summary>
    public static bool TopBlockMatches(
        DigestAlgorithm algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> topBlock, ReadOnlySpan<byte> rootHash)
    {
        Span<byte> actual = stackalloc byte[DigestAlgorithms.MaximumLength];
        actual = actual[..algorithm.LengthInBytes()];
        HashBlock(new Digest(algorithm), salt, topBlock, actual);
        return actual.SequenceEqual(rootHash);
    }

    /// <summary>Writes the digest of one block, salt first, to <paramref name="result"/>.</summary>
    public static void HashBlock(Digest digest, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> block, Span<byte> result)
    {
        ArgumentNullException.ThrowIfNull(digest);
        digest.Append(salt);
        digest.Append(block);
        digest.Finish(result);
    }

    private void HashData(Action<long>? progress)
    {
        byte[] buffer = new byte[Math.Min(ReadLength, _geometry.DataLength)];
        for (long done = 0; done < _geometry.DataLength;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, _geometry.DataLength - done));
            // Hash blocks are written in between, to the same stream.
            _image.Position = done;
            _image.ReadExactly(part);
            for (int at = 0; at < part.Length; at += _geometry.DataBlockSize)
            {
                Add(level: 0, part.Slice(at, _geometry.DataBlockSize));
            }

            done += part.Length;
            progress?.Invoke(done);
        }
    }

    /// <summary>Puts the digest of a block into a level, and goes up as long as that fills a hash block.</summary>
    private void Add(int level, ReadOnlySpan<byte> block)
    {
        while (true)
        {
            if (level == _blocks.Length)
            {
                HashBlock(_digest, _salt, block, _rootHash);
                return;
            }

            HashBlock(_digest, _salt, block, _blocks[level].AsSpan(_filled[level]));
            _filled[level] += _geometry.DigestSlotLength;
            if (_filled[level] < _geometry.HashBlockSize)
            {
                return;
            }

            block = TakeBlock(level);
            level++;
        }
    }

    /// <summary>The last, partly filled block of each level, lowest first; what it lacks is zero.</summary>
    private void FlushLevels()
    {
        for (int level = 0; level < _blocks.Length; level++)
        {
            if (_filled[level] > 0)
            {
                Add(level + 1, TakeBlock(level));
            }
        }
    }

    /// <summary>Writes the block a level has been filling to its place. What it returns holds until the level's next digest.</summary>
    private byte[] TakeBlock(int level)
    {
        byte[] block = _blocks[level];
        block.AsSpan(_filled[level]).Clear();
        _image.Position = _geometry.Levels[level].Offset + (_written[level] * _geometry.HashBlockSize);
        _image.Write(block);
        _written[level]++;
        _filled[level] = 0;
        return block;
    }
}
