using System;
using InitRuntime.Formats;

namespace InitRuntime.Unit.Formats;

/// <summary>A disk in memory.</summary>
internal static class Bytes
{
    internal static ReadAt Of(byte[] disk) => (offset, buffer) =>
    {
        // A parser that asks for such a place is wrong: it must have compared it with the length before.
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset > disk.Length - buffer.Length)
        {
            return false;
        }

        disk.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        return true;
    };
}
