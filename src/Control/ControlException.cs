using System;

namespace InitRuntime.Control;

/// <summary>A command cannot be done: what failed, where, and what a person can do.</summary>
/// <param name="message">What failed, and on what.</param>
/// <param name="hint">What a person can do; null if nothing.</param>
/// <param name="inner">What led to it.</param>
internal sealed class ControlException(string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What a person can do.</summary>
    internal string? Hint { get; } = hint;

    /// <summary>Whether the command line is wrong, so that nothing was done.</summary>
    internal bool IsMisuse { get; init; }

    /// <summary>A wrong command line.</summary>
    internal static ControlException Misuse(string message, string? hint = null) => new(message, hint) { IsMisuse = true };

    /// <summary>A name of a volume that this image does not have.</summary>
    internal static ControlException UnknownVolume(string name, string known) =>
        Misuse($"there is no volume {name}", known.Length == 0 ? "this image has no volumes" : $"the volumes are {known}");
}
