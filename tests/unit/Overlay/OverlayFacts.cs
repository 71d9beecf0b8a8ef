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
