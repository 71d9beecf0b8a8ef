using System;

namespace InitRuntime.Formats;

/// <summary>
/// Fills a buffer with the bytes of a disk, partition or file from an offset on, in bytes. False when not all of them could be
/// read. Parsers of formats that point from place to place take this instead of one span.
/// </summary>
public delegate bool ReadAt(long offset, Span<byte> buffer);
