using System;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// Runs another program to its end, by posix_spawn(3): no fork, so nothing of ours, a key least of all, is ever copied. With a
/// <see cref="ChildCommand.RootDirectory"/> our own root changes for a moment: that is right for PID 1, which has one thread.
/// Code of ours that must not take PID 1 with it runs in a fork (<see cref="PreparedChild"/>).
/// </summary>
public static unsafe class ChildProcess
{
    private static readonly TimeSpan _usualTick = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Runs the program until it ends or its deadline has passed; then it is killed, with its process group. What the program leaves
    /// running behind it is not waited for.
    /// </summary>
    /// <param name="command">The program.</param>
    /// <param name="input">
    /// Its standard input, written from where it lies, which may be a <see cref="SecretBuffer"/>. It need not read it to the end.
    /// </param>
    /// <param name="deadline">When it must have ended; null for never.</param>
    /// <param name="line">
    /// Is given each line of its output and errors, as it comes and in the order in which they were written; see
    /// <see cref="OutputLines"/>. If it throws, the program is killed. Lines come from the program: escape before they meet a log.
    /// </param>
    /// <param name="tick">Is called about every <paramref name="tickInterval"/>: it may feed a watchdog.</param>
    /// <param name="tickInterval">5 seconds if not given.</param>
    /// <exception cref="SyscallException">
    /// posix_spawn, on the program: ENOENT: there is none (or no interpreter of it), EACCES, ENOEXEC; chroot: there is no such root.
    /// </exception>
    public static ChildResult Run(
        ChildCommand command,
        ReadOnlySpan<byte> input,
        Deadline? deadline,
        Action<string>? line = null,
        Action? tick = null,
        TimeSpan? tickInterval = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Run(() => RunningChild.Start(command), input, deadline, line, tick, tickInterval);
    }

    /// <summary>Runs what was prepared, to its end; what it leaves running is killed.</summary>
    /// <param name="child">The process.</param>
    /// <param name="input">What it works on, 1 to 256 bytes.</param>
    /// <param name="deadline">As with a program, and so on.</param>
    /// <param name="line">Is given each line of its output.</param>
    /// <param name="tick">Is called about every <paramref name="tickInterval"/>.</param>
    /// <param name="tickInterval">5 seconds if not given.</param>
    public static ChildResult Run(
        PreparedChild child, ReadOnlySpan<byte> input, Deadline? deadline, Action<string>? line = null, Action? tick = null, TimeSpan? tickInterval = null)
    {
        ArgumentNullException.ThrowIfNull(child);
        return Run(() => child.Child, input, deadline, line, tick, tickInterval);
    }

    private static ChildResult Run(
        Func<RunningChild> start, ReadOnlySpan<byte> input, Deadline? deadline, Action<string>? line, Action? tick, TimeSpan? tickInterval)
    {
        // A child that closes its input early must cost EPIPE, not our life; SystemRoot.Execute resets this.
        _ = NativeMethods.signal(SIGPIPE, (nint)SIG_IGN);
        TimeSpan interval = tickInterval ?? _usualTick;
        Deadline nextTick = Deadline.After(interval);
        var lines = new OutputLines(line);
        bool timedOut = false;
        using RunningChild child = start();
        while (true)
        {
            input = input[child.Give(input)..];
            bool ended = child.Wait(Milliseconds(deadline, tick is null ? null : nextTick));
            child.Take(lines, all: ended);
            if (ended)
            {
                lines.End();
                (int exitCode, int signal) = child.Reap();
                return new(exitCode, signal, timedOut, lines.Last);
            }

            if (tick is not null && nextTick.Passed)
            {
                tick();
                nextTick = Deadline.After(interval);
            }

            if (deadline is { Passed: true })
            {
                if (timedOut)
                {
                    child.Abandon();
                    return new(-1, SIGKILL, timedOut, lines.Last);
                }

                timedOut = true;
                child.Kill();
                deadline = Deadline.After(RunningChild.Dying);
            }
        }
    }

    private static int Milliseconds(Deadline? one, Deadline? other) => (one, other) switch
    {
        (null, null) => -1,
        ({ } only, null) => only.PollMilliseconds,
        (null, { } only) => only.PollMilliseconds,
        ({ } a, { } b) => Math.Min(a.PollMilliseconds, b.PollMilliseconds),
    };
}
