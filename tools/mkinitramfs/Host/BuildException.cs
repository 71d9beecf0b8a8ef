using System;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>The build cannot go on: what failed, and what the user can do. Shown as it is, without a trace.</summary>
internal sealed class BuildException : Exception
{
    internal BuildException(string message, string? hint = null, Exception? inner = null)
        : base(message, inner) => Hint = hint;

    /// <summary>What the user can do, if anything.</summary>
    internal string? Hint { get; }
}
