using System;
using System.IO;
using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Harness;

/// <summary>A fact that only root can find out: mounts, roots and device nodes.</summary>
internal sealed class FactAsRootAttribute : FactAttribute
{
    public FactAsRootAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "only root may do what this tests";
}

/// <summary>A fact about a loop device, which only root can make, on a kernel that has them.</summary>
internal sealed class FactWithLoopDeviceAttribute : FactAttribute
{
    public FactWithLoopDeviceAttribute() =>
        Skip = Environment.IsPrivilegedProcess && File.Exists("/dev/loop-control") ? null : "root on a kernel with loop devices is needed";
}

/// <summary>A fact about a btrfs that is mounted, on a kernel that has it built in or loaded.</summary>
internal sealed class FactWithBtrfsAttribute : FactAttribute
{
    public FactWithBtrfsAttribute() =>
        Skip = Environment.IsPrivilegedProcess && File.Exists("/dev/loop-control") && File.ReadAllText("/proc/filesystems").Contains("\tbtrfs\n")
            ? null
            : "root on a kernel with loop devices and btrfs is needed";
}

/// <summary>A fact about kernel keys, on a kernel that gives them out: containers often may not have any.</summary>
internal sealed class FactWithKeysAttribute : FactAttribute
{
    public FactWithKeysAttribute()
    {
        try
        {
            Keyring.Add("user", "initruntime-test:probe", [1]);
        }
        catch (SyscallException e) when (e.Errno is Errno.EPERM or Errno.ENOSYS or Errno.EACCES)
        {
            Skip = $"this host's kernel gives out no keys: {e.Message}";
        }
    }
}
