using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// The power is cut at random moments of the first boot, also of the boot that goes on with the work of one that was cut. In the
/// end the volumes are encrypted, and nothing is lost. INITRUNTIME_CUTS sets how many cuts each of the tests makes, and
/// INITRUNTIME_SEED repeats the moments of an earlier run.
/// </summary>
public abstract class PowerCuts(ITestOutputHelper output)
{
    /// <summary>What /init says when the work that is cut begins.</summary>
    private const string WorkBegins = "initruntime: root-modules: done";

    /// <summary>What it says when there is nothing left to cut.</summary>
    private const string WorkEnds = "initruntime: hand-off: done";

    /// <summary>Of each test.</summary>
    private static readonly int _cuts = Setting("INITRUNTIME_CUTS", 3);

    private static readonly int _seed = Setting("INITRUNTIME_SEED", Environment.TickCount);

    /// <summary>Chains of cut boots, each with a disk of its own, until there were enough cuts.</summary>
    private protected Task CutAsync(string name, Func<string, DiskImage> make, Action<DiskImage, GuestReport> check) => CutAsync(name, make, _cuts, (disk, report) =>
    {
        check(disk, report);
        return Task.CompletedTask;
    });

    /// <summary>The same, shared between several tests of one class: each makes a third of the cuts.</summary>
    /// <param name="name">Of the disks.</param>
    /// <param name="make">Makes a disk of that name.</param>
    /// <param name="check">Gets the disk, switched off, and what its last boot told.</param>
    private protected Task CutByThirdAsync(string name, Func<string, DiskImage> make, Func<DiskImage, GuestReport, Task> check) =>
        CutAsync(name, make, CutsByThird, check);

    /// <summary>How many cuts a test makes that shares them with others.</summary>
    private protected static int CutsByThird => (_cuts + 2) / 3;

    /// <summary>The moments of a run that is made by hand.</summary>
    private protected Random Moments()
    {
        output.WriteLine($"INITRUNTIME_SEED={_seed}");
        return new Random(_seed);
    }

    private async Task CutAsync(string name, Func<string, DiskImage> make, int most, Func<DiskImage, GuestReport, Task> check)
    {
        var random = new Random(_seed);
        output.WriteLine($"INITRUNTIME_SEED={_seed}");
        TimeSpan work = await WorkAsync(name, make, check);
        int cuts = 0;
        for (int chain = 1; cuts < most; chain++)
        {
            using DiskImage disk = make($"{name}-{chain}");
            bool finished = false;
            while (!finished)
            {
                TimeSpan moment = work * random.NextDouble();
                await using Machine machine = await Machine.StartAsync(disk, output);
                await machine.WaitForAsync(WorkBegins);
                Verdict? verdict = await machine.VerdictWithinAsync(moment);
                if (verdict is null && cuts < most && !machine.Console.Contains(WorkEnds, StringComparison.Ordinal))
                {
                    await machine.CutPowerAsync();
                    cuts++;
                    output.WriteLine(string.Create(
                        CultureInfo.InvariantCulture, $"chain {chain}: cut {cuts} after {moment.TotalMilliseconds:0} ms: {LastWords(machine)}"));
                    continue;
                }

                verdict ??= await machine.VerdictAsync();
                GuestReport report = Assert.IsType<Running>(verdict).Report;
                await machine.EndAsync();
                await check(disk, report);
                finished = true;
            }
        }
    }

    /// <summary>How long the work takes when nobody cuts it.</summary>
    private async Task<TimeSpan> WorkAsync(string name, Func<string, DiskImage> make, Func<DiskImage, GuestReport, Task> check)
    {
        using DiskImage disk = make($"{name}-whole");
        await using Machine machine = await Machine.StartAsync(disk, output);
        await machine.WaitForAsync(WorkBegins);
        var watch = Stopwatch.StartNew();
        await machine.WaitForAsync(WorkEnds);
        TimeSpan work = watch.Elapsed;
        GuestReport report = await machine.ReportAsync();
        await machine.EndAsync();
        await check(disk, report);
        return work;
    }

    private static string LastWords(Machine machine)
    {
        int at = machine.Console.LastIndexOf("initruntime: ", StringComparison.Ordinal);
        return at < 0 ? "" : machine.Console[at..].Split('\n')[0];
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
