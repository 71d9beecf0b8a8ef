using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs;

/// <summary>The files of examples/demo, as far as they can be tried without booting.</summary>
public sealed class DemoTests
{
    private static readonly string _demo = Path.Combine(Repository.Root, "examples/demo");

    [Fact]
    public void The_manifest_is_good_but_for_keys_that_are_not_made_yet()
    {
        ManifestReading reading = ManifestReader.Read(Path.Combine(_demo, "image.toml"));
        Assert.All(reading.Errors, error => Assert.Equal("signing.keys", error.Key));
    }

    [Fact]
    public void Systemd_takes_the_report_service_and_udev_its_rule()
    {
        using var directory = new TemporaryDirectory();
        string unit = File.ReadAllText(Path.Combine(_demo, "files/usr/lib/systemd/system/initruntime-report.service"));
        string rule = File.ReadAllText(Path.Combine(_demo, "files/usr/lib/udev/rules.d/90-initruntime-report.rules"));
        string program = "/usr/lib/initruntime/report";
        Assert.True(File.Exists(Path.Combine(_demo, $"files{program}")));
        Assert.Contains(VirtualMachine.ReportPort, unit, System.StringComparison.Ordinal);
        Assert.Contains(VirtualMachine.ReportPort, rule, System.StringComparison.Ordinal);

        File.WriteAllText(directory["initruntime-report.service"], unit.Replace(program, "/bin/true"));
        File.WriteAllText(directory["90-initruntime-report.rules"], rule);
        Tools.Run("systemd-analyze", "verify", "--man=no", directory["initruntime-report.service"]);
        Tools.Run("udevadm", "verify", directory["90-initruntime-report.rules"]);
    }

    [Fact]
    public void The_report_is_one_line_of_json_whatever_the_units_are_called()
    {
        using JsonDocument report = Report(
            system: "degraded", failed: ["a.service", @"dev-disk-by\x2dlabel-\x22.mount"], root: "/dev/mapper/root erofs ro,relatime");
        JsonElement root = report.RootElement;
        Assert.Equal("degraded", root.GetProperty("system").GetString());
        Assert.Equal(["a.service", @"dev-disk-by\x2dlabel-\x22.mount"], root.GetProperty("failed").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("/dev/mapper/root erofs ro,relatime", root.GetProperty("root").GetString());
        Assert.Equal(File.ReadAllText("/proc/cmdline").TrimEnd('\n'), root.GetProperty("command_line").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("boot").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("control").ValueKind);
    }

    [Fact]
    public void The_report_of_a_good_boot_names_no_unit()
    {
        using JsonDocument report = Report(system: "running", failed: [], root: "/dev/mapper/root erofs ro", control: """{"format_version":1}""");
        Assert.Equal("running", report.RootElement.GetProperty("system").GetString());
        Assert.Equal(1, report.RootElement.GetProperty("control").GetProperty("format_version").GetInt32());
        Assert.Equal(0, report.RootElement.GetProperty("failed").GetArrayLength());
    }

    /// <summary>Runs the report with programs that answer as systemd and findmnt would.</summary>
    private static JsonDocument Report(string system, string[] failed, string root, string? control = null)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllLines(directory["failed"], failed.Select(unit => $"{unit} loaded failed failed Some unit"));
        Program(directory["systemctl"], $"""case $1 in is-system-running) echo {system}; test {system} = running;; *) cat {directory["failed"]};; esac""");
        Program(directory["findmnt"], $"echo '{root}'");
        if (control is not null)
        {
            Program(directory["initruntime-ctl"], $"test \"$*\" = 'status --json' && echo '{control}'");
        }

        new HostCommand("sh", Path.Combine(_demo, "files/usr/lib/initruntime/report"), directory["report"])
        {
            Environment = new Dictionary<string, string> { ["PATH"] = $"{directory.Path}:/usr/bin:/bin" },
        }.Run(new PlainLog(TextWriter.Null, showCommands: false));
        string line = Assert.Single(File.ReadAllLines(directory["report"]));
        return JsonDocument.Parse(line);
    }

    private static void Program(string path, string body)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        new HostCommand("chmod", "+x", path).Run(new PlainLog(TextWriter.Null, showCommands: false));
    }
}
