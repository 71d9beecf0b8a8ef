using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Verity;

/// <summary>
/// The 512 bytes in front of a verity tree, which say how it was made and for which image. Nobody signs them: a match of the
/// UUID only tells where to look. Source: <c>struct verity_sb</c> of cryptsetup's lib/verity/verity.c, little endian.
/// </summary>
public sealed record VeritySuperblock
{
    /// <summary>Length on disk, in bytes.</summary>
    public const int Size = 512;

    /// <summary>The longest salt, in bytes.</summary>
    public const int MaximumSaltLength = 256;

    internal const uint NormalHashType = 1;

    private const uint Version = 1;
    private const int AlgorithmLength = 32;
    private const int SaltPaddingLength = 6;

    private static ReadOnlySpan<byte> Magic => "verity\0\0"u8;

    /// <summary>UUID of the tree: here that of the image.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>The digest of each block.</summary>
    public required DigestAlgorithm Algorithm { get; init; }

    /// <summary>In bytes; 512 to 65536, a power of two.</summary>
    public required int DataBlockSize { get; init; }

    /// <summary>In bytes; 512 to 65536, a power of two.</summary>
    public required int HashBlockSize { get; init; }

    /// <summary>Number of data blocks, at least 1.</summary>
    public required long DataBlocks { get; init; }

    /// <summary>What stands before each block in its digest; empty for none, at most 256 bytes.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>Reads a superblock; of the normal hash type (1) only.</summary>
    public static bool TryParse(ReadOnlySpan<byte> sector, [NotNullWhen(true)] out VeritySuperblock? value, out ParseError error)
    {
        value = null;
        var reader = new SpanReader(sector);
        ReadOnlySpan<byte> magic = reader.Bytes(Magic.Length);
        uint version = reader.U32();
        uint hashType = reader.U32();
        ReadOnlySpan<byte> uuid = reader.Bytes(16);
        ReadOnlySpan<byte> name = reader.Bytes(AlgorithmLength);
        uint dataBlockSize = reader.U32();
        uint hashBlockSize = reader.U32();
        ulong dataBlocks = reader.U64();
        int saltLength = reader.U16();
        reader.Skip(SaltPaddingLength);
        ReadOnlySpan<byte> salt = reader.Bytes(MaximumSaltLength);
        DigestAlgorithm algorithm = default;
        error = reader.Overrun || sector.Length < Size ? new("cut short")
            : !magic.SequenceEqual(Magic) ? new("no verity magic")
            : version != Version ? new($"version {version}, only {Version} is known")
            : hashType != NormalHashType ? new($"hash type {hashType}, only {NormalHashType} is supported")
            : !TryReadAlgorithm(name, out algorithm) ? new("unknown digest (sha1, sha256, sha384, sha512)")
            : !VerityGeometry.IsBlockSize(dataBlockSize) ? new($"data block size {dataBlockSize}")
            : !VerityGeometry.IsBlockSize(hashBlockSize) ? new($"hash block size {hashBlockSize}")
            : dataBlocks is < 1 or > VerityGeometry.MaximumDataBlocks ? new($"{dataBlocks} data blocks")
            : saltLength > MaximumSaltLength ? new($"salt of {saltLength} bytes, at most {MaximumSaltLength}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new VeritySuperblock
        {
            Uuid = new Guid(uuid, bigEndian: true),
            Algorithm = algorithm,
            DataBlockSize = (int)dataBlockSize,
            HashBlockSize = (int)hashBlockSize,
            DataBlocks = (long)dataBlocks,
            Salt = salt[..saltLength].ToArray(),
        };
        return true;
    }

    /// <summary>Writes the superblock to the first 512 bytes of <paramref name="sector"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="sector"/> is too short, or the salt too long.</exception>
    public void Write(Span<byte> sector)
    {
        if (sector.Length < Size || Salt.Length > MaximumSaltLength)
        {
            throw new ArgumentException($"a sector of {sector.Length} bytes and a salt of {Salt.Length} bytes", nameof(sector));
        }

        const int HashTypeAt = 12;
        const int UuidAt = 16;
        const int AlgorithmAt = 32;
        const int DataBlockSizeAt = 64;
        const int HashBlockSizeAt = 68;
        const int DataBlocksAt = 72;
        const int SaltLengthAt = 80;
        const int SaltAt = 88;
        sector = sector[..Size];
        sector.Clear();
        Magic.CopyTo(sector);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[Magic.Length..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[HashTypeAt..], NormalHashType);
        Uuid.TryWriteBytes(sector[UuidAt..], bigEndian: true, out _);
        Encoding.ASCII.GetBytes(Algorithm.KernelName(), sector.Slice(AlgorithmAt, AlgorithmLength));
        BinaryPrimitives.WriteInt32LittleEndian(sector[DataBlockSizeAt..], DataBlockSize);
        BinaryPrimitives.WriteInt32LittleEndian(sector[HashBlockSizeAt..], HashBlockSize);
        BinaryPrimitives.WriteInt64LittleEndian(sector[DataBlocksAt..], DataBlocks);
        BinaryPrimitives.WriteUInt16LittleEndian(sector[SaltLengthAt..], (ushort)Salt.Length);
        Salt.CopyTo(sector[SaltAt..]);
    }

    private static bool TryReadAlgorithm(ReadOnlySpan<byte> field, out DigestAlgorithm algorithm)
    {
        algorithm = default;
        int end = field.IndexOf((byte)0);
        return end > 0 && DigestAlgorithms.TryFromKernelName(Encoding.ASCII.GetString(field[..end]), out algorithm);
    }
}
