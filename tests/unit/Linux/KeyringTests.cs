using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class KeyringTests
{
    [Fact]
    public void A_key_that_was_added_can_be_taken_out_once()
    {
        int serial;
        try
        {
            serial = Keyring.Add("user", "initruntime:test", "no secret"u8);
        }
        catch (SyscallException e) when (e.Errno is Errno.EPERM or Errno.ENOSYS)
        {
            // Containers often forbid it.
            return;
        }

        Assert.True(serial > 0);
        Keyring.Unlink(serial);
        Assert.Equal(Errno.ENOENT, Assert.Throws<SyscallException>(() => Keyring.Unlink(serial)).Errno);
    }
}
