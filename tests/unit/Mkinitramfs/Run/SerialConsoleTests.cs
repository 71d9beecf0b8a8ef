using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipes;
using System.Text;
using System.Threading;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Run;

public sealed class SerialConsoleTests
{
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(20);

    [Fact]
    public void Text_is_found_without_escapes_while_the_log_keeps_every_byte()
    {
        using var directory = new TemporaryDirectory();
        byte[] sent = Encoding.ASCII.GetBytes("\x1b[2J\x1b[01;01HBdsDxe: loa\x1b[0mding\r\n[  0.1] Run /init\r\nlogin: ");
        var lines = new List<string>();
        WithGuest(directory, (guest, console) =>
        {
            console.Line += lines.Add;
            guest.Write(sent);
            Assert.True(console.WaitFor("login: ", _long), "a prompt has no line's end");
            Assert.True(console.WaitFor("BdsDxe: loading\n", _long));
            Assert.False(console.WaitFor("BdsDxe", TimeSpan.Zero, startAt: 20), "it looked before the place it was told to");
            Assert.False(console.WaitFor("panic", TimeSpan.FromMilliseconds(50)));
            Assert.Equal("login:", console.LastLines(1));
            guest.Dispose();
            Assert.False(console.WaitFor("panic", _long), "the end of the line ends the wait");
        });
        Assert.Equal(sent, File.ReadAllBytes(directory["log"]));
        Assert.Equal(["BdsDxe: loading", "[  0.1] Run /init"], lines);
    }

    [Fact]
    public void A_text_that_comes_in_pieces_is_found()
    {
        using var directory = new TemporaryDirectory();
        WithGuest(directory, (guest, console) =>
        {
            guest.Write("kernel verity: "u8);
            Assert.True(console.WaitFor("kernel verity: ", _long));
            using var later = new Timer(_ => guest.Write("dev\n"u8), null, 100, Timeout.Infinite);
            Assert.True(console.WaitFor("verity: dev", _long));
        });
    }

    [Fact]
    public void What_is_typed_goes_to_the_guest()
    {
        using var directory = new TemporaryDirectory();
        using var guest = new MemoryStream();
        using (var console = new SerialConsole(Stream.Null, guest, directory["log"]))
        {
            console.Type("root\n");
        }

        Assert.Equal("root\n", Encoding.ASCII.GetString(guest.ToArray()));
    }

    private static void WithGuest(TemporaryDirectory directory, Action<AnonymousPipeServerStream, SerialConsole> test)
    {
        using var guest = new AnonymousPipeServerStream(PipeDirection.Out);
        using var client = new AnonymousPipeClientStream(PipeDirection.In, guest.ClientSafePipeHandle);
        using var console = new SerialConsole(client, Stream.Null, directory["log"]);
        try
        {
            test(guest, console);
        }
        finally
        {
            // The console's reader ends with the line.
            guest.Dispose();
        }
    }
}
