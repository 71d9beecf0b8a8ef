using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Run;
using Xunit.Abstractions;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// The power is cut at random moments while a new image is tried, and while the device returns to the old one. A third of
/// INITRUNTIME_CUTS, as in other tests of updates.
/// </summary>
public abstract class TrialCuts(ITestOutputHelper output) : PowerCuts(output)
{
    /// <summary>One in the boot of the new image, one in the boot that follows.</summary>
    private const int CutsInRow = 2;

    /// <summary>What the console says when a part of a boot begins: loader, /init, volumes, systemd.</summary>
    private static readonly string[] _parts = ["BdsDxe: starting", "initruntime: modules: done", "initruntime: root-modules: done", "initruntime: hand-off: done"];

    /// <summary>Longer than each of them but the last, without KVM and beside other machines.</summary>
    private static readonly TimeSpan _part = TimeSpan.FromSeconds(15);

    private readonly ITestOutputHelper _output = output;

    /// <summary>Installs one image over another, and cuts the boots that follow.</summary>
    /// <param name="old">What runs.</param>
    /// <param name="next">What is tried.</param>
    /// <param name="check">Gets the disk after the cuts, and that with the update.</param>
    /// <param name="describe">What a cut left on the disk, for the log.</param>
    /// <param name="test">The test's name, which its disks have.</param>
    private protected async Task CutTrialsAsync(
        BuiltImage old, BuiltImage next, Func<DiskImage, ExtraDisk, Task> check, Func<DiskImage, string> describe, [CallerMemberName] string test = "")
    {
        using DiskImage prepared = DiskImage.Of(old, test: test);
        ExtraDisk updates = UpdateDisk.Make(prepared, new Dictionary<string, string> { ["b.swu"] = UpdateDisk.Of(next) });
        await using (Machine machine = await Machine.StartAsync(prepared, _output, updates))
        {
            await machine.ReportAsync();
            await InstallAsync(machine);
            await machine.EndAsync();
        }

        Random random = Moments();
        for (int cut = 0; cut < CutsByThird; cut += CutsInRow)
        {
            using DiskImage disk = DiskImage.LikeMachineOf(prepared, $"{cut}", test);
            for (int inRow = 0; inRow < CutsInRow; inRow++)
            {
                await CutAsync(disk, updates, random, describe);
            }

            await check(disk, updates);
        }
    }

    /// <summary>Installs the new image.</summary>
    private protected static async Task InstallAsync(Machine machine)
    {
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        await machine.CommandAsync(UpdateDisk.MountCommand);
        await machine.CommandAsync(UpdateDisk.InstallCommand());
    }

    private async Task CutAsync(DiskImage disk, ExtraDisk updates, Random random, Func<DiskImage, string> describe)
    {
        string part = _parts[random.Next(_parts.Length)];
        TimeSpan moment = _part * random.NextDouble();
        await using Machine machine = await Machine.StartAsync(disk, _output, updates);
        await machine.WaitForAsync(part);
        await Task.Delay(moment);
        await machine.CutPowerAsync();
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cut {moment.TotalMilliseconds:0} ms after \"{part}\": {describe(disk)}"));
    }
}
