using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class KeyringTests
{
    private const string Name = "initruntime-test:unlinked";

    [FactWithKeys]
    public void An_unlinked_key_is_gone_from_the_kernel()
    {
        int serial = Keyring.Add("user", Name, "0123456789abcdef"u8);
        Assert.Contains($"{serial:x8}", LineOf(Name), StringComparison.Ordinal);
        Keyring.Unlink(serial);
        var deadline = Deadline.After(TimeSpan.FromSeconds(10));
        while (LineOf(Name) != "")
        {
            Assert.False(deadline.Passed, "the key is still there");
            Poll.Until(Deadline.After(TimeSpan.FromMilliseconds(10)));
        }

        Errno again = Assert.Throws<SyscallException>(() => Keyring.Unlink(serial)).Errno;
        Assert.True(again is Errno.ENOENT or Errno.ENOKEY, again.Describe());
    }

    private static string LineOf(string description)
    {
        foreach (string line in File.ReadLines("/proc/keys"))
        {
            if (line.Contains(description, StringComparison.Ordinal))
            {
                return line;
            }
        }

        return "";
    }
}
