using System;
using System.Diagnostics;
using System.IO;
using InitRuntime.Formats.BootReport;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Unit.Formats.BootReport;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs;
using Xunit;

namespace InitRuntime.Unit.Control;

/// <summary>The program as it is in the root of an image, in a root that has nothing else.</summary>
public sealed class StaticProgramTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    [FactWithControlProgram]
    public void It_runs_where_there_is_nothing_but_itself()
    {
        Assert.Null(DeviceProgram.Problem(File.ReadAllBytes(ControlProgram.Path)));
        (int code, string output, string errors) = Run("--help");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("Usage:\n  initruntime-ctl [command] [options]\n", output, StringComparison.Ordinal);

        Assert.Equal(
            (1, "", "error: /run/initruntime/boot.json is not there\nhint: only a system that was started by the /init of InitRuntime has it\n"),
            Run("status"));
    }

    [FactWithControlProgram]
    public void It_reads_the_report_of_a_boot()
    {
        Directory.CreateDirectory(_root["run/initruntime"]);
        File.WriteAllBytes(_root["run/initruntime/boot.json"], BootReportJson.Write(BootReportTests.Whole));
        (int code, string output, string errors) = Run("drift");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("  changed  /etc/ssh/sshd_config\n", output, StringComparison.Ordinal);

        File.WriteAllText(_root["run/initruntime/boot.json"], "{}");
        Assert.Contains("format_version is missing", Run("drift").Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        File.Copy(ControlProgram.Path, _root["initruntime-ctl"], overwrite: true);
        var start = new ProcessStartInfo("chroot", [_root.Path, "/initruntime-ctl", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors);
    }
}

/// <summary>Where ./initruntime leaves the program.</summary>
internal static class ControlProgram
{
    internal static string Path { get; } = Repository.Built(DeviceProgram.Control);
}

/// <summary>A fact about the program itself, which only root can run in another root.</summary>
internal sealed class FactWithControlProgramAttribute : FactAttribute
{
    public FactWithControlProgramAttribute() => Skip = !Environment.IsPrivilegedProcess ? "only root may do what this tests"
        : File.Exists(ControlProgram.Path) ? null
        : "./initruntime makes the program that this tests";
}
