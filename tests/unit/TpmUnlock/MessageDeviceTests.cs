using System;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.TpmUnlock;

public sealed class MessageDeviceTests
{
    [Fact]
    public void A_message_goes_out_comes_back_and_silence_ends_with_the_deadline()
    {
        // A FIFO that is open both ways gives back what was written to it.
        using var directory = new TemporaryDirectory();
        Tools.Run("mkfifo", directory["device"]);
        using MessageDevice device = MessageDevice.Open(directory["device"]);
        byte[] answer = new byte[16];
        Assert.Equal(-1, device.Receive(answer, Deadline.After(TimeSpan.FromMilliseconds(30))));
        device.Send([1, 2, 3]);
        Assert.Equal(3, device.Receive(answer, Deadline.After(TimeSpan.FromSeconds(10))));
        Assert.Equal([1, 2, 3, 0], answer[..4]);
    }
}
