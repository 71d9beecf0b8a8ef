using System;

namespace InitRuntime.Linux;

/// <summary>A stage of the boot cannot be done: what failed, with both values; where; and what a person can do.</summary>
public class BootException : Exception
{
    /// <summary>A named failure.</summary>
    /// <param name="message">What failed, expected and found.</param>
    /// <param name="device">The device it is about, for people; null if none.</param>
    /// <param name="hint">What a person can do; null if nothing.</param>
    /// <param name="inner">What led to it.</param>
    public BootException(string message, string? device = null, string? hint = null, Exception? inner = null)
        : base(message, inner)
    {
        Device = device;
        Hint = hint;
    }

    /// <summary>The device it is about, for people.</summary>
    public string? Device { get; }

    /// <summary>What a person can do.</summary>
    public string? Hint { get; }
}
