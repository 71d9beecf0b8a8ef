using System;

namespace InitRuntime.Linux;

/// <summary>
/// Code of this program that waits in a process of its own until it is given what to work on: a fork of the moment at which it was prepared.
/// It has none of our descriptors and no <see cref="SecretBuffer"/>. Dispose ends it.
/// </summary>
public sealed class PreparedChild : IDisposable
{
    private PreparedChild(RunningChild child) => Child = child;

    /// <summary>The process.</summary>
    internal RunningChild Child { get; }

    /// <summary>Makes it.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="work">Gets its input and what writes a line to its output. An exception is its last line, and exit code 1.</param>
    /// <exception cref="SyscallException">fork: EAGAIN, ENOMEM; pidfd_open: ENOSYS.</exception>
    public static PreparedChild Make(string name, Action<byte[], Action<string>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new(RunningChild.Fork(name, input => work(input, ForkedChild.Print)));
    }

    /// <inheritdoc/>
    public void Dispose() => Child.Dispose();
}
