using System;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// A child that runs code of this program: fork(2) without exec. It waits for its input, which is what it is to work on, so it can be made
/// long before: of what this process has come to know since then, keys for example, it has nothing. It has none of our descriptors, and a
/// <see cref="SecretBuffer"/> is never in its memory. Only the calling thread lives on in it: in /init there is no other but the
/// runtime's own for finalizers, which waits.
/// </summary>
internal static unsafe class ForkedChild
{
    /// <summary>The longest input, in bytes.</summary>
    private const int LongestInput = 256;

    /// <summary>close_range(2), since Linux 5.9; the number is the same on all machines.</summary>
    private const int CloseRange = 436;

    /// <summary>Starts it; its process number.</summary>
    /// <param name="work">
    /// What it does, with its input. An exception is written to its standard error, and its exit code is 1. Without input it does nothing.
    /// </param>
    /// <param name="name">For messages.</param>
    /// <param name="input">What it has as descriptor 0; itself above 2.</param>
    /// <param name="output">What it has as descriptors 1 and 2; itself above 2.</param>
    /// <exception cref="SyscallException">fork: EAGAIN, ENOMEM.</exception>
    internal static int Start(Action<byte[]> work, string name, SafeFileHandle input, SafeFileHandle output)
    {
        int process = (int)Syscall.Check(NativeMethods.fork(), "fork", name);
        if (process == 0)
        {
            _exit(Run(work, (int)input.DangerousGetHandle(), (int)output.DangerousGetHandle()));
        }

        // Both do it, so that it is done before either goes on. It fails if the child has ended already.
        _ = setpgid(process, process);
        return process;
    }

    private static int Run(Action<byte[]> work, int input, int output)
    {
        _ = setpgid(0, 0);
        _ = NativeMethods.signal(SIGPIPE, (nint)SIG_DFL);
        if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || (long)(ssize_t)syscall(CloseRange, 3, uint.MaxValue, 0) < 0)
        {
            return 1;
        }

        try
        {
            byte[] given = ReadInput();
            if (given.Length > 0)
            {
                work(given);
            }

            return 0;
        }
        catch (Exception e)
        {
            Print($"{e.GetType().Name}: {e.Message}");
            return 1;
        }
    }

    private static byte[] ReadInput()
    {
        byte* bytes = stackalloc byte[LongestInput];
        int length = 0;
        while (length < LongestInput)
        {
            long n = read(0, bytes + length, LongestInput - length);
            if (Syscall.Interrupted(n))
            {
                continue;
            }

            if (Syscall.Check(n, "read", "input") == 0)
            {
                break;
            }

            length += (int)n;
        }

        return new ReadOnlySpan<byte>(bytes, length).ToArray();
    }

    /// <summary>Writes a line to descriptor 1, without System.Console.</summary>
    internal static void Print(string line)
    {
        ReadOnlySpan<byte> left = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* start = left)
        {
            for (int done = 0; done < left.Length;)
            {
                long n = write(1, start + done, left.Length - done);
                if (n < 0 && Syscall.LastErrno != Errno.EINTR)
                {
                    return;
                }

                done += n > 0 ? (int)n : 0;
            }
        }
    }
}
