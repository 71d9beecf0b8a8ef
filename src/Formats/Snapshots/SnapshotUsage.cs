using System;
using System.Globalization;

namespace InitRuntime.Formats.Snapshots;

/// <summary>
/// How full a copy-on-write area is, all in 512-byte sectors. Source: the status line of the kernel's snapshot and snapshot-merge
/// targets, Documentation/admin-guide/device-mapper/snapshot.rst.
/// </summary>
/// <param name="Used">Data and bookkeeping. It can be a chunk more than there is, since the kernel counts the next free one.</param>
/// <param name="Total">The whole area.</param>
/// <param name="Bookkeeping">What of <paramref name="Used"/> is no data.</param>
public readonly record struct SnapshotUsage(long Used, long Total, long Bookkeeping)
{
    /// <summary>What the kernel says of a store that was full, or that it could not write.</summary>
    public const string Invalid = "Invalid";

    /// <summary>The same, of a store whose user had said that it knows this word.</summary>
    public const string Overflow = "Overflow";

    /// <summary>What the kernel says after an I/O error while it merged.</summary>
    public const string MergeFailed = "Merge failed";

    /// <summary>What is still to be merged. It is 0 only at the end of a merge, or if nothing was ever changed.</summary>
    public long Data => Used - Bookkeeping;

    /// <summary>Reads a status line: <c>USED/TOTAL BOOKKEEPING</c>. Any other word is the error.</summary>
    public static bool TryParse(string status, out SnapshotUsage value, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(status);
        value = default;
        string[] words = status.Split('/', ' ');
        bool isRead = words.Length == 3
            & TryRead(words, 0, out long used)
            & TryRead(words, 1, out long total)
            & TryRead(words, 2, out long bookkeeping);
        if (!isRead || bookkeeping > used)
        {
            error = new(status);
            return false;
        }

        error = default;
        value = new(used, total, bookkeeping);
        return true;
    }

    private static bool TryRead(string[] words, int index, out long number)
    {
        number = 0;
        return index < words.Length && long.TryParse(words[index], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
