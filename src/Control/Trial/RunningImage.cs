using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.BootReport;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Control.Trial;

/// <summary>The image that runs, and what the loader will do with it. Read anew for each question: an updater may have written meanwhile.</summary>
/// <param name="Boot">What /init left.</param>
/// <param name="Slot">Where it was booted from.</param>
/// <param name="Disk">The boot disk.</param>
/// <param name="Environments">The loader's, those that can be read.</param>
internal sealed record RunningImage(BootReportDocument Boot, BootSlot Slot, SystemDisk Disk, IReadOnlyList<LoaderEnvironment> Environments)
{
    /// <summary>What the loader goes by: of the highest revision among those that are whole.</summary>
    internal LoaderEnvironment? Next
    {
        get
        {
            var settled = new List<LoaderEnvironment>();
            foreach (LoaderEnvironment environment in Environments)
            {
                if (!environment.Value.InProgress)
                {
                    settled.Add(environment);
                }
            }

            return LoaderEnvironments.Latest(settled);
        }
    }

    /// <summary>Whether the loader is systemd-boot.</summary>
    internal bool HasEntries => BootEntries.AreOn(Disk);

    /// <summary>Whether the loader starts this image's kernel next, if nothing changes.</summary>
    internal bool IsNext => Next is { } next && BootSlots.OfKernel(next.Value) == Slot;

    /// <summary>Whether it still has to prove itself.</summary>
    internal bool IsOnTrial => IsNext && Next!.Value.UpdateState switch
    {
        UpdateState.Testing => true,
        // Started without a way back, since the loader found only one environment.
        UpdateState.Installed => Boot.OnTrial == true,
        _ => false,
    };

    /// <summary>Whether another image is installed, and started next.</summary>
    internal bool HasSuccessor => !IsNext && Next?.Value.UpdateState == UpdateState.Installed;

    /// <summary>Looks at the device.</summary>
    /// <param name="problems">Takes why an environment cannot be read.</param>
    /// <exception cref="ControlException">There is no report of this boot, or it names no slot that is known.</exception>
    internal static RunningImage Read(ICollection<string> problems)
    {
        BootReportDocument boot = BootReportFile.Read();
        BootSlot slot = BootSlots.OfRoot(boot.Slot) ?? throw new ControlException($"the root is in {boot.Slot ?? "no slot"}, which the loader has no partition for");
        if (boot.SystemDisk is not { } path)
        {
            throw new ControlException("the boot disk is not known");
        }

        return SystemDisk.TryOpen(path, out SystemDisk? disk, out ParseError error)
            ? new(boot, slot, disk, LoaderEnvironments.Read(disk, problems.Add))
            : throw new ControlException($"{path}: {error}");
    }
}
