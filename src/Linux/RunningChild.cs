using System;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>A child that was started, with our ends of its pipes. Dispose ends it if it still runs.</summary>
internal sealed unsafe class RunningChild : IDisposable
{
    /// <summary>How long a killed child may take to end: one that waits for a broken disk does not end at all.</summary>
    internal static readonly TimeSpan Dying = TimeSpan.FromSeconds(5);

    /// <summary>pidfd_open(2), since Linux 5.3; the number is the same on all machines.</summary>
    internal const int PidfdOpen = 434;

    /// <summary>WNOHANG.</summary>
    internal const int NoHang = 1;
    private const int ReadChunk = 4 * 1024;

    /// <summary>The most that a pipe holds, unless an administrator allows more. Source: pipe(7), /proc/sys/fs/pipe-max-size.</summary>
    private const int LargestPipe = 1 << 20;

    private readonly string _program;
    private readonly int _process;
    private readonly bool _leadsGroup;
    private readonly bool _endsGroup;
    private readonly SafeFileHandle _input;
    private readonly SafeFileHandle _output;
    private readonly SafeFileHandle _end;
    private bool _reaped;

    private RunningChild(string program, bool leadsGroup, bool endsGroup, int process, SafeFileHandle input, SafeFileHandle output)
    {
        _program = program;
        _process = process;
        _leadsGroup = leadsGroup;
        _endsGroup = leadsGroup && endsGroup;
        _input = input;
        _output = output;
        long end = (long)(ssize_t)syscall(PidfdOpen, process, 0);
        _end = new SafeFileHandle((nint)end, ownsHandle: true);
        if (end < 0)
        {
            Errno why = Syscall.LastErrno;
            Kill();
            _ = NativeMethods.waitpid(process, null, 0);
            throw new SyscallException("pidfd_open", _program, why);
        }
    }

    /// <summary>Starts it.</summary>
    /// <exception cref="SyscallException">posix_spawn: ENOENT, EACCES, ENOEXEC, ENOMEM; pidfd_open: ENOSYS.</exception>
    internal static RunningChild Start(ChildCommand command) =>
        Start(command.Program, command.OwnProcessGroup, command.EndsGroup, (input, output) => Spawn.Start(command, input, output));

    /// <summary>Starts one that runs code of this program, at the head of a process group that ends with it.</summary>
    /// <exception cref="SyscallException">fork: EAGAIN, ENOMEM; pidfd_open: ENOSYS.</exception>
    internal static RunningChild Fork(string name, Action<byte[]> work) =>
        Start(name, leadsGroup: true, endsGroup: true, (input, output) => ForkedChild.Start(work, name, input, output));

    private static RunningChild Start(string program, bool leadsGroup, bool endsGroup, Func<SafeFileHandle, SafeFileHandle, int> start)
    {
        var input = new NativePipe();
        var output = new NativePipe();
        try
        {
            NativePipe.DoNotBlock(input.Writer);
            NativePipe.DoNotBlock(output.Reader);
            int process = start(input.Reader, output.Writer);
            input.Reader.Dispose();
            output.Writer.Dispose();
            return new RunningChild(program, leadsGroup, endsGroup, process, input.Writer, output.Reader);
        }
        catch
        {
            input.Dispose();
            output.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the child ended, printed or takes input, or until the time has passed.</summary>
    /// <param name="milliseconds">-1 for any time.</param>
    /// <returns>Whether it ended.</returns>
    internal bool Wait(int milliseconds)
    {
        pollfd* wanted = stackalloc pollfd[3];
        wanted[0] = new pollfd { fd = (int)_end.DangerousGetHandle(), events = POLLIN };
        wanted[1] = new pollfd { fd = OpenOrNone(_output), events = POLLIN };
        wanted[2] = new pollfd { fd = OpenOrNone(_input), events = POLLOUT };
        int ready = poll(wanted, 3, milliseconds);
        if (Syscall.Interrupted(ready))
        {
            return false;
        }

        Syscall.Check(ready, "poll", _program);
        return wanted[0].revents != 0;
    }

    /// <summary>Gives the child what it takes of the input now; the number of bytes. Closes its input when nothing is left.</summary>
    internal int Give(ReadOnlySpan<byte> input)
    {
        int given = 0;
        if (!_input.IsClosed && !input.IsEmpty)
        {
            long n;
            fixed (byte* start = input)
            {
                n = write((int)_input.DangerousGetHandle(), start, input.Length);
            }

            if (n < 0 && Syscall.LastErrno == Errno.EPIPE)
            {
                // It ends, or it does not want more: its exit code tells whether that was right.
                _input.Dispose();
                return 0;
            }

            if (n >= 0 || Syscall.LastErrno is not (Errno.EAGAIN or Errno.EINTR))
            {
                given = (int)Syscall.Check(n, "write", $"{_program} input");
            }
        }

        if (given == input.Length)
        {
            _input.Dispose();
        }

        return given;
    }

    /// <summary>
    /// Takes what it printed until now: some of it, or all after its end. What then lives on behind it and prints without end is cut
    /// short by the size of a pipe.
    /// </summary>
    internal void Take(OutputLines lines, bool all)
    {
        byte* chunk = stackalloc byte[ReadChunk];
        for (int taken = 0; !_output.IsClosed && taken < LargestPipe;)
        {
            long n = read((int)_output.DangerousGetHandle(), chunk, ReadChunk);
            if (n < 0 && Syscall.LastErrno == Errno.EAGAIN)
            {
                return;
            }

            if (Syscall.Interrupted(n))
            {
                continue;
            }

            if (Syscall.Check(n, "read", $"{_program} output") == 0)
            {
                _output.Dispose();
                return;
            }

            taken += (int)n;
            lines.Add(new ReadOnlySpan<byte>(chunk, (int)n));
            if (!all)
            {
                return;
            }
        }
    }

    /// <summary>Ends it, and its process group if it leads one.</summary>
    internal void Kill() => _ = kill(_leadsGroup ? -_process : _process, SIGKILL);

    /// <summary>How it ended. To be called once, after <see cref="Wait"/> told that it did.</summary>
    internal (int ExitCode, int Signal) Reap()
    {
        if (_endsGroup)
        {
            // It is not reaped yet, so its number is not another group's.
            _ = kill(-_process, SIGKILL);
        }

        int status = 0;
        int result;
        do
        {
            result = NativeMethods.waitpid(_process, &status, 0);
        }
        while (Syscall.Interrupted(result));

        _reaped = true;
        Syscall.Check(result, "waitpid", _program);
        int signal = status & 0x7f;
        return signal == 0 ? ((status >> 8) & 0xff, 0) : (-1, signal);
    }

    /// <summary>Gives up a killed child that does not end.</summary>
    internal void Abandon() => _reaped = true;

    /// <summary>Closes our ends. A child that still runs, since something failed here, is killed.</summary>
    public void Dispose()
    {
        if (!_reaped)
        {
            Kill();
            _ = Poll.UntilReadable(_end, Deadline.After(Dying));
            _ = NativeMethods.waitpid(_process, null, NoHang);
            _reaped = true;
        }

        _input.Dispose();
        _output.Dispose();
        _end.Dispose();
    }

    private static int OpenOrNone(SafeFileHandle handle) => handle.IsClosed ? -1 : (int)handle.DangerousGetHandle();
}
