using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using InitRuntime.Mkinitramfs.Run;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Run;

public sealed class GuestPortTests
{
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(20);

    [Fact]
    public void Lines_come_one_after_the_other_and_the_last_ones_after_the_machines_end()
    {
        (Stream guest, Stream host) = Pair();
        var port = new GuestPort(host);
        Assert.Null(port.WaitForLine(TimeSpan.FromMilliseconds(50)));
        guest.Write([.. "one "u8, 0xc3]);
        using var later = new Timer(_ => guest.Write([0xa4, .. "\n\ntwo\nthree\nhalf"u8]), null, 100, Timeout.Infinite);
        Assert.Equal("one ä", port.WaitForLine(_long));
        Assert.Equal("two", port.WaitForLine(_long));
        guest.Dispose();
        Assert.Equal("three", port.WaitForLine(_long));
        Assert.Null(port.WaitForLine(_long));
    }

    [Fact]
    public void What_is_sent_goes_to_the_guest_and_nowhere_once_that_is_gone()
    {
        (Stream guest, Stream host) = Pair();
        var port = new GuestPort(host);
        port.Send("write one");
        using (var reader = new StreamReader(guest))
        {
            Assert.Equal("write one", reader.ReadLine());
        }

        Assert.Null(port.WaitForLine(_long));
        port.Send("to nobody");
        port.Send("to nobody");
    }

    private static (Stream Guest, Stream Host) Pair()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var guest = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        guest.Connect(new UnixDomainSocketEndPoint(path));
        Socket host = listener.Accept();
        File.Delete(path);
        return (new NetworkStream(guest, ownsSocket: true), new NetworkStream(host, ownsSocket: true));
    }
}
