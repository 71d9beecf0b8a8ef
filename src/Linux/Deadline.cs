using System;
using System.Diagnostics;

namespace InitRuntime.Linux;

/// <summary>A moment on the monotonic clock that several waits share.</summary>
public readonly struct Deadline
{
    private readonly long _end;

    private Deadline(long end) => _end = end;

    /// <summary>A moment from now.</summary>
    public static Deadline After(TimeSpan time) => new(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));

    /// <summary>What is left, never negative.</summary>
    public TimeSpan Remaining
    {
        get
        {
            long ticks = _end - Stopwatch.GetTimestamp();
            return ticks <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency);
        }
    }

    /// <summary>Whether it is over.</summary>
    public bool Passed => Remaining == TimeSpan.Zero;

    /// <summary>What is left for poll(2), in milliseconds, rounded up.</summary>
    internal int PollMilliseconds => (int)Math.Min(int.MaxValue, Math.Ceiling(Remaining.TotalMilliseconds));
}
