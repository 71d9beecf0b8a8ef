using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

/// <summary>Other file systems have the flag of efivarfs, too.</summary>
[Collection(HostMounts.Name)]
public sealed class EfiVariableRemovalTests
{
    [FactAsRoot]
    public void A_file_that_must_not_be_changed_is_removed_and_one_that_is_not_there_is_fine()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["variable"], "x");
        LoopDevice.Host("chattr", "+i", directory["variable"]);
        Assert.Equal(Errno.EPERM, Assert.Throws<SyscallException>(() => KernelFile.Remove(directory["variable"])).Errno);
        EfiVariables.RemoveFile(directory["variable"]);
        Assert.False(File.Exists(directory["variable"]));
        EfiVariables.RemoveFile(directory["variable"]);
    }
}
