using System;
using System.IO;
using Xunit;

namespace InitRuntime.Unit.Overlay;

/// <summary>A fact about mounted overlays: root on a kernel that has overlayfs built in or loaded.</summary>
internal sealed class FactWithOverlayAttribute : FactAttribute
{
    internal static readonly string? Reason =
        Environment.IsPrivilegedProcess && File.ReadAllText("/proc/filesystems").Contains("\toverlay\n", StringComparison.Ordinal)
            ? null
            : "root on a kernel with overlayfs is needed";

    public FactWithOverlayAttribute() => Skip = Reason;
}

/// <summary>The same for several cases.</summary>
internal sealed class TheoryWithOverlayAttribute : TheoryAttribute
{
    public TheoryWithOverlayAttribute() => Skip = FactWithOverlayAttribute.Reason;
}

/// <summary>Cases that mount file systems of files below overlays.</summary>
internal sealed class TheoryWithLoopOverlayAttribute : TheoryAttribute
{
    public TheoryWithLoopOverlayAttribute()
    {
        Skip = FactWithOverlayAttribute.Reason;
        foreach (string fileSystem in (string[])["erofs", "squashfs", "ext4", "xfs", "btrfs"])
        {
            Skip ??= File.Exists("/dev/loop-control") && File.ReadAllText("/proc/filesystems").Contains($"\t{fileSystem}\n", StringComparison.Ordinal)
                ? null
                : $"a kernel with loop devices and {fileSystem} is needed";
        }
    }
}
