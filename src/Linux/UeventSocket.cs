using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// The kernel's device events. Open it before looking at sysfs: what appears in between is then seen by one or the other.
/// Source: netlink(7), lib/kobject_uevent.c.
/// </summary>
public sealed unsafe class UeventSocket : IDisposable
{
    private const int KernelGroup = 1;
    private const int NetlinkKobjectUevent = 15;
    private const int LargestEvent = 8192;
    private const int ReceiveBuffer = 1 << 20;

    private readonly SafeFileHandle _socket;
    private readonly byte[] _buffer = new byte[LargestEvent];

    /// <summary>Opens the socket and begins to collect events.</summary>
    public UeventSocket()
    {
        long fd = Syscall.Check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NetlinkKobjectUevent), "socket", "uevents");
        _socket = new SafeFileHandle((nint)fd, ownsHandle: true);
        int size = ReceiveBuffer;
        Syscall.Check(setsockopt((int)fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(int)), "setsockopt", "uevents");
        var address = new SockaddrNl { Family = AF_NETLINK, Groups = KernelGroup };
        Syscall.Check(bind((int)fd, (sockaddr*)&address, sizeof(SockaddrNl)), "bind", "uevents");
    }

    /// <summary>What <see cref="Receive"/> found.</summary>
    public enum Result
    {
        /// <summary>An event of the kernel.</summary>
        Event,

        /// <summary>No event is waiting.</summary>
        Nothing,

        /// <summary>The kernel had to drop events: look at sysfs again.</summary>
        Lost,
    }

    /// <summary>Waits for the next event; false once the deadline has passed.</summary>
    public bool Wait(Deadline deadline) => Poll.UntilReadable(_socket, deadline);

    /// <summary>Takes one event without waiting; its bytes are <c>ACTION@DEVPATH</c>, then <c>KEY=VALUE</c>, each ended by NUL.</summary>
    public Result Receive(out ReadOnlySpan<byte> message)
    {
        message = default;
        while (true)
        {
            var sender = new SockaddrNl();
            socklen_t senderLength = sizeof(SockaddrNl);
            long n;
            fixed (byte* start = _buffer)
            {
                n = recvfrom((int)_socket.DangerousGetHandle(), start, _buffer.Length, 0, (sockaddr*)&sender, &senderLength);
            }

            if (n < 0)
            {
                switch (Syscall.LastErrno)
                {
                    case Errno.EAGAIN: return Result.Nothing;
                    case Errno.ENOBUFS: return Result.Lost;
                    case Errno.EINTR: continue;
                    default: Syscall.Check(n, "recvfrom", "uevents"); break;
                }
            }

            // Only the kernel has port 0; any process could send to the group otherwise.
            if (sender.Port == 0)
            {
                message = _buffer.AsSpan(0, (int)n);
                return Result.Event;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>struct sockaddr_nl. Source: linux/netlink.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SockaddrNl
    {
        internal sa_family_t Family;
        internal ushort Pad;
        internal uint Port;
        internal uint Groups;
    }
}
