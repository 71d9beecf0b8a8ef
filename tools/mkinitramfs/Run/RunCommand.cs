using System;
using System.IO;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>How <c>initruntime run DIR</c> runs a built image.</summary>
internal sealed record RunOptions
{
    /// <summary>Without a console: wait for the guest's report, show it, switch off.</summary>
    internal bool Report { get; init; }

    /// <summary>How long the report may take.</summary>
    internal TimeSpan ReportLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Forget what earlier runs wrote: disk, firmware variables, TPM.</summary>
    internal bool Fresh { get; init; }

    internal int Processors { get; init; } = 2;

    internal int MemoryInMebibytes { get; init; } = 1024;
}

/// <summary>Boots what a build made in a virtual machine.</summary>
internal static class RunCommand
{
    /// <summary>What a report has in it when a unit of the guest failed: systemd's word.</summary>
    private const string Degraded = "degraded";

    private const int ShownLines = 40;

    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(20);

    /// <summary>Where the machine of an output directory keeps its state.</summary>
    internal static string StateDirectory(string directory) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + ".machine";

    /// <summary>Runs it; gives whether all was well.</summary>
    /// <exception cref="BuildException">The directory is not that of a build, or the machine does not start.</exception>
    internal static bool Run(string directory, RunOptions options, ToolsTree tools, TextWriter output, IBuildLog log)
    {
        string keys = Path.Combine(directory, Artefacts.SecureBootKeys);
        if (!Directory.Exists(keys))
        {
            throw new BuildException(
                $"{keys} does not exist: the machine's firmware would not know which keys to trust",
                "build with a directory of PK.crt, KEK.crt and db.crt beside the signing key; \"initruntime keys DIR\" makes one");
        }

        string state = StateDirectory(directory);
        if (options.Fresh)
        {
            MachineState.Forget(state);
        }

        var machineOptions = new MachineOptions
        {
            Disk = Path.Combine(directory, Artefacts.Disk),
            Keys = keys,
            StateDirectory = state,
            Processors = options.Processors,
            MemoryInMebibytes = options.MemoryInMebibytes,
            Interactive = !options.Report,
        };
        if (!options.Report)
        {
            output.WriteLine("The console follows. Ctrl-A X ends the machine, Ctrl-A H shows more.");
        }

        using VirtualMachine machine = VirtualMachine.Start(machineOptions, tools, log);
        return options.Report ? Report(machine, options.ReportLimit, output) : WaitForEnd(machine);
    }

    private static bool WaitForEnd(VirtualMachine machine)
    {
        machine.WaitForEnd(System.Threading.Timeout.InfiniteTimeSpan);
        return true;
    }

    private static bool Report(VirtualMachine machine, TimeSpan limit, TextWriter output)
    {
        string? report = machine.WaitForReport(limit);
        if (report is null)
        {
            output.WriteLine(machine.Console.LastLines(ShownLines));
            throw new BuildException(
                machine.HasEnded ? "the machine ended without a report" : $"no report within {limit.TotalSeconds:0} s",
                $"the whole console is in {machine.SerialLog}");
        }

        output.WriteLine(report);
        machine.PressPowerButton();
        machine.WaitForEnd(ShutdownLimit);
        return !report.Contains(Degraded, StringComparison.OrdinalIgnoreCase);
    }
}
