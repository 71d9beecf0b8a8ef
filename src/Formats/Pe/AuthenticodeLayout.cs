using System.Collections.Generic;

namespace InitRuntime.Formats.Pe;

/// <summary>What to hash for an image's Authenticode digest: the ranges in order, then the padding.</summary>
/// <param name="Hashed">The parts of the file.</param>
/// <param name="ImageEnd">Where the image ends and its signatures start, or the file ends.</param>
/// <param name="Padding">Zero bytes to hash behind them, and to write behind the image before a certificate table.</param>
public sealed record AuthenticodeLayout(IReadOnlyList<FileRange> Hashed, long ImageEnd, int Padding);
