using System;

namespace InitRuntime.Linux.Btrfs;

/// <summary>What the file system knows of a subvolume. It comes from a disk.</summary>
/// <param name="Id">Its number; 5 is the top level.</param>
/// <param name="Generation">The last transaction that changed it: of two subvolumes, the higher one was in use later. A snapshot changes
/// its source too.</param>
/// <param name="ParentId">The subvolume it lies in; 0 for the top level.</param>
/// <param name="Created">When it was made, by the clock of that time. 1970 where none is kept: older mkfs did not for the top level.</param>
public sealed record BtrfsSubvolumeInfo(ulong Id, ulong Generation, ulong ParentId, DateTimeOffset Created);
