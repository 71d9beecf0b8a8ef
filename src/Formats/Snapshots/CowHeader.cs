using System;

namespace InitRuntime.Formats.Snapshots;

/// <summary>
/// What stands at the front of the kernel's persistent copy-on-write store. Source: <c>struct disk_header</c> of the kernel's
/// drivers/md/dm-snap-persistent.c, little endian.
/// </summary>
/// <param name="IsNew">Only zeros: the kernel begins an empty store when it is activated.</param>
/// <param name="IsValid">False once the store was full or could not be written. The kernel never makes it valid again.</param>
/// <param name="ChunkSizeInSectors">In 512-byte sectors, a power of two; 0 for a new one.</param>
public readonly record struct CowHeader(bool IsNew, bool IsValid, int ChunkSizeInSectors)
{
    /// <summary>Length on disk, in bytes. It is alone in the first chunk.</summary>
    public const int Size = 16;

    private const uint Magic = 0x70416e53;
    private const uint Version = 1;

    /// <summary>The largest chunk whose length in bytes the kernel can count. Source: dm_exception_store_set_chunk_size.</summary>
    private const uint MaximumChunkSize = int.MaxValue / 512;

    /// <summary>Reads the header from the front of a store.</summary>
    public static bool TryParse(ReadOnlySpan<byte> store, out CowHeader value, out ParseError error)
    {
        value = default;
        var reader = new SpanReader(store);
        uint magic = reader.U32();
        uint valid = reader.U32();
        uint version = reader.U32();
        uint chunkSize = reader.U32();
        bool isNew = !reader.Overrun && (magic | valid | version | chunkSize) == 0;
        error = reader.Overrun ? new("cut short")
            : isNew ? default
            : magic != Magic ? new("no snapshot magic")
            : version != Version ? new($"version {version}, only {Version} is known")
            : !uint.IsPow2(chunkSize) || chunkSize > MaximumChunkSize ? new($"chunks of {chunkSize} sectors")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new(isNew, isNew || valid != 0, (int)chunkSize);
        return true;
    }
}
