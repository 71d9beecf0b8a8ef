using System;

namespace InitRuntime.Linux;

/// <summary>A call into the kernel failed: which call, on what, and why. Callers branch on <see cref="Errno"/>, never on text.</summary>
public sealed class SyscallException : Exception
{
    /// <summary>A failed call.</summary>
    /// <param name="call">The call or request by its kernel name, for example <c>DM_TABLE_LOAD</c>.</param>
    /// <param name="subject">What it was about: a path or a device.</param>
    /// <param name="errno">Why.</param>
    public SyscallException(string call, string subject, Errno errno)
        : base($"{call} {subject}: {errno.Describe()}")
    {
        Call = call;
        Subject = subject;
        Errno = errno;
    }

    /// <summary>The call or request by its kernel name.</summary>
    public string Call { get; }

    /// <summary>What it was about.</summary>
    public string Subject { get; }

    /// <summary>Why it failed.</summary>
    public Errno Errno { get; }
}
