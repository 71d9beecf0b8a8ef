using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class KernelFileTests
{
    [Fact]
    public void An_absolute_link_is_followed_below_the_other_root()
    {
        using var root = new TemporaryDirectory();
        Directory.CreateDirectory(root["lib/systemd"]);
        Directory.CreateDirectory(root["sbin"]);
        File.WriteAllText(root["lib/systemd/systemd"], "");
        File.CreateSymbolicLink(root["sbin/init"], "/lib/systemd/systemd");
        File.CreateSymbolicLink(root["sbin/broken"], "/lib/nothing");
        File.CreateSymbolicLink(root["sbin/loop"], "loop");
        Assert.True(KernelFile.ExistsBelow(root.Path, "/sbin/init"));
        Assert.False(KernelFile.ExistsBelow(root.Path, "/sbin/broken"));
        Assert.False(KernelFile.ExistsBelow(root.Path, "/sbin/loop"));
        Assert.False(KernelFile.ExistsBelow(root.Path, "/proc/self/status"));
    }

    [Fact]
    public void A_file_over_the_limit_is_refused_and_a_missing_one_is_null()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], new byte[5000]);
        Assert.Equal(5000, KernelFile.ReadAll(directory["file"], 5000).Length);
        Assert.Equal(Errno.EFBIG, Assert.Throws<SyscallException>(() => KernelFile.ReadAll(directory["file"], 4999)).Errno);
        Assert.Null(KernelFile.TryReadAll(directory["none"], 1));
    }
}
