using System;
using System.IO;
using System.Net.Sockets;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>A socket that QEMU connects to when it starts: bound before, so that nothing is lost and nobody has to try again.</summary>
internal sealed class GuestConnection : IDisposable
{
    private readonly Socket _listener;
    private NetworkStream? _stream;

    internal GuestConnection(string path)
    {
        Path = path;
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
    }

    internal string Path { get; }

    /// <summary>Waits for QEMU; null if it does not come in time.</summary>
    internal Stream? Accept(TimeSpan limit)
    {
        if (!_listener.Poll(limit, SelectMode.SelectRead))
        {
            return null;
        }

        _stream = new NetworkStream(_listener.Accept(), ownsSocket: true);
        return _stream;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _listener.Dispose();
        File.Delete(Path);
    }
}
