using System;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Asks and tells the person at the console, past the kernel log. Source: termios(3), console(4).</summary>
public static unsafe class TerminalPrompt
{
    private const string Console = "/dev/console";
    private const byte Backspace = 0x08;
    private const byte Delete = 0x7f;
    private const byte EraseLine = 0x15;

    /// <summary>A terminal that was stopped by XOFF, or that nobody reads, takes nothing.</summary>
    private static readonly TimeSpan _showing = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Asks for one line. Backspace takes a character away, Ctrl-U all of them; other control characters are ignored. A line longer than
    /// the buffer is refused, never cut, and asked for again.
    /// </summary>
    /// <param name="prompt">What stands before it.</param>
    /// <param name="into">Gets the bytes, which are nowhere else; wiped if there is no answer.</param>
    /// <param name="deadline">When to stop asking.</param>
    /// <param name="echo">Whether what is typed is shown.</param>
    /// <param name="device">The terminal.</param>
    /// <returns>The line's length in bytes, its end not counted; -1 when the deadline has passed, or when there is no terminal.</returns>
    public static int Read(string prompt, SecretBuffer into, Deadline deadline, bool echo = false, string device = Console)
    {
        ArgumentNullException.ThrowIfNull(into);
        int length = -1;
        try
        {
            using SafeFileHandle terminal = Open(device);
            length = Ask(terminal, prompt, into.Span, deadline, echo);
        }
        catch (SyscallException)
        {
            // No console, no terminal, or one that was hung up: there is nobody to ask.
        }
        finally
        {
            if (length < 0)
            {
                CryptographicOperations.ZeroMemory(into.Span);
            }
        }

        return length;
    }

    /// <summary>Shows text on the console and nowhere else: unlike the kernel log it is kept by nothing. Without a console nobody sees
    /// it.</summary>
    /// <param name="text">As it is to appear, with its line ends.</param>
    /// <param name="device">The terminal.</param>
    /// <exception cref="SyscallException">ENOENT, ENODEV: there is no console; ETIMEDOUT: it takes no bytes.</exception>
    public static void Show(string text, string device = Console)
    {
        using SafeFileHandle terminal = Open(device);
        Write(terminal, Encoding.UTF8.GetBytes(text), Deadline.After(_showing));
    }

    private static SafeFileHandle Open(string device) => KernelFile.Open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);

    private static int Ask(SafeFileHandle terminal, string prompt, Span<byte> into, Deadline deadline, bool echo)
    {
        int fd = (int)terminal.DangerousGetHandle();
        termios before;
        Syscall.Check(tcgetattr(fd, &before), "tcgetattr", "console");
        termios ours = before;
        ours.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
        ours.c_iflag &= ~(IGNCR | ISTRIP | IXON);
        ours.c_cc[VMIN] = 1;
        ours.c_cc[VTIME] = 0;

        // TCSANOW: the others wait for output to leave, for ever at a stopped terminal.
        Syscall.Check(tcsetattr(fd, (int)TCSANOW, &ours), "tcsetattr", "console");
        try
        {
            // What was typed before the question is no answer to it, and was visible.
            _ = tcflush(fd, (int)TCIFLUSH);
            while (true)
            {
                Write(terminal, Encoding.UTF8.GetBytes(prompt), deadline);
                int length = ReadLine(terminal, into, deadline, echo);
                Write(terminal, "\n"u8, Deadline.After(_showing));
                if (length <= into.Length)
                {
                    return length;
                }

                Write(terminal, Encoding.UTF8.GetBytes($"longer than {into.Length} bytes, not taken\n"), deadline);
            }
        }
        finally
        {
            _ = tcsetattr(fd, (int)TCSANOW, &before);
        }
    }

    /// <summary>The line's length; -1 once the deadline has passed; more than the buffer has if it did not fit.</summary>
    private static int ReadLine(SafeFileHandle terminal, Span<byte> into, Deadline deadline, bool echo)
    {
        CryptographicOperations.ZeroMemory(into);
        int length = 0;
        bool tooLong = false;
        byte typed = 0;
        while (ReadByte(terminal, deadline, ref typed))
        {
            switch (typed)
            {
                case (byte)'\n' or (byte)'\r':
                    return tooLong ? into.Length + 1 : length;
                case Backspace or Delete:
                    length = WithoutLastCharacter(terminal, into, length, deadline, echo);
                    break;
                case EraseLine:
                    while (length > 0)
                    {
                        length = WithoutLastCharacter(terminal, into, length, deadline, echo);
                    }

                    tooLong = false;
                    break;
                case < (byte)' ':
                    break;
                default:
                    if (length == into.Length)
                    {
                        tooLong = true;
                        break;
                    }

                    into[length++] = typed;
                    if (echo)
                    {
                        Write(terminal, into.Slice(length - 1, 1), deadline);
                    }

                    break;
            }

            CryptographicOperations.ZeroMemory(new Span<byte>(ref typed));
        }

        return -1;
    }

    /// <summary>Wipes the last character, which in UTF-8 is its first byte and those 10xxxxxx behind it; gives the new length.</summary>
    private static int WithoutLastCharacter(SafeFileHandle terminal, Span<byte> line, int length, Deadline deadline, bool echo)
    {
        if (length == 0)
        {
            return 0;
        }

        bool inside;
        do
        {
            length--;
            inside = (line[length] & 0xc0) == 0x80;
            line[length] = 0;
        }
        while (inside && length > 0);

        if (echo)
        {
            Write(terminal, "\b \b"u8, deadline);
        }

        return length;
    }

    /// <summary>Takes one byte; false once the deadline has passed.</summary>
    /// <exception cref="SyscallException">EIO: the terminal was hung up.</exception>
    private static bool ReadByte(SafeFileHandle terminal, Deadline deadline, ref byte typed)
    {
        while (Poll.UntilReadable(terminal, deadline))
        {
            long n;
            fixed (byte* place = &typed)
            {
                n = read((int)terminal.DangerousGetHandle(), place, 1);
            }

            if (n > 0)
            {
                return true;
            }

            if (n == 0 || Syscall.LastErrno is not (Errno.EAGAIN or Errno.EINTR))
            {
                throw new SyscallException("read", "console", n == 0 ? Errno.EIO : Syscall.LastErrno);
            }
        }

        return false;
    }

    private static void Write(SafeFileHandle terminal, ReadOnlySpan<byte> text, Deadline deadline)
    {
        while (!text.IsEmpty)
        {
            if (!Poll.UntilWritable(terminal, deadline))
            {
                throw new SyscallException("write", "console", Errno.ETIMEDOUT);
            }

            long n;
            fixed (byte* start = text)
            {
                n = write((int)terminal.DangerousGetHandle(), start, text.Length);
            }

            if (n < 0 && Syscall.LastErrno is Errno.EAGAIN or Errno.EINTR)
            {
                continue;
            }

            text = text[(int)Syscall.Check(n, "write", "console")..];
        }
    }
}
