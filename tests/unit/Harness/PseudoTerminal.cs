using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using Xunit;
using static Tmds.Linux.LibC;

namespace InitRuntime.Unit.Harness;

/// <summary>A terminal whose keyboard and screen are a test's.</summary>
internal sealed unsafe partial class PseudoTerminal : IDisposable
{
    private readonly SafeFileHandle _screen;

    /// <summary>Held open, so that the terminal keeps its settings between two users.</summary>
    private readonly SafeFileHandle _terminal;

    internal PseudoTerminal()
    {
        int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        Assert.True(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0, "no pseudo terminal on this host");
        _screen = new SafeFileHandle(fd, ownsHandle: true);
        byte* name = stackalloc byte[64];
        Assert.Equal(0, ptsname_r(fd, name, 64));
        Path = Marshal.PtrToStringUTF8((nint)name)!;
        _terminal = KernelFile.Open(Path, O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
    }

    /// <summary>The terminal's own name.</summary>
    internal string Path { get; }

    /// <summary>All that the screen has shown.</summary>
    internal string Shown { get; private set; } = "";

    /// <summary>Local modes and input modes, as termios has them.</summary>
    internal (uint Local, uint Input) Settings
    {
        get
        {
            termios now;
            Assert.Equal(0, tcgetattr((int)_terminal.DangerousGetHandle(), &now));
            return (now.c_lflag, now.c_iflag);
        }
    }

    /// <summary>Presses keys.</summary>
    internal void Type(string keys) => KernelFile.WriteOnce(_screen, Encoding.UTF8.GetBytes(keys), "keyboard");

    /// <summary>Waits until the screen shows this as its last.</summary>
    internal void WaitFor(string text)
    {
        var deadline = Deadline.After(TimeSpan.FromSeconds(10));
        byte* bytes = stackalloc byte[1024];
        while (!Shown.EndsWith(text, StringComparison.Ordinal))
        {
            Assert.True(Poll.UntilReadable(_screen, deadline), $"the screen shows \"{Shown}\", not \"{text}\"");
            long n = read((int)_screen.DangerousGetHandle(), bytes, 1024);
            Shown += n > 0 ? Encoding.UTF8.GetString(bytes, (int)n) : throw new IOException("the terminal was closed");
        }
    }

    /// <summary>Takes the terminal away, as a pulled cable does.</summary>
    internal void HangUp() => _screen.Dispose();

    public void Dispose()
    {
        _terminal.Dispose();
        _screen.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int grantpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc")]
    private static partial int ptsname_r(int fd, byte* name, nuint length);
}
