using System;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.Json;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.BootReport;

public sealed class BootReportTests
{
    private static readonly FailureRecord _record = new()
    {
        ImageUuid = new Guid("7c1e2f30-0a1b-4c2d-8e3f-405162738495"),
        ImageVersion = "1.0",
        Slot = "root-b",
        Stage = "verity-root",
        Reason = "root hash differs",
        Device = "/dev/vda5",
        Consecutive = 3,
    };

    [Fact]
    public void A_failure_record_is_read_back()
    {
        Assert.True(BootReportJson.TryParse(BootReportJson.Write(_record), out FailureRecord read, out ParseError error), error.ToString());
        Assert.Equal(_record, read);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('\u00e9')]
    [InlineData('\x01')]
    public void A_long_reason_is_shortened_to_fit_the_firmwares_store(char letter)
    {
        byte[] json = BootReportJson.Write(_record with { Reason = new string(letter, 5000) });
        Assert.True(BootReportJson.TryParse(json, out FailureRecord read, out ParseError error), error.ToString());
        Assert.StartsWith(new string(letter, 50), read.Reason);
    }

    [Fact]
    public void A_hostile_record_is_answered() =>
        Hostile.EveryPrefixAndEveryDamagedByte(BootReportJson.Write(_record), bytes => BootReportJson.TryParse(bytes, out FailureRecord _, out _));

    /// <summary>Every member there is, so that a reader that lacks one is found out.</summary>
    internal static BootReportDocument Whole { get; } = new()
    {
        ImageUuid = _record.ImageUuid!.Value,
        ImageName = "demo",
        ImageVersion = "1.0",
        Slot = "root-a",
        RootPartition = "/dev/vda4",
        SystemDisk = "/dev/vda",
        OnTrial = true,
        KernelMilliseconds = 1200,
        Stages = [new StageReport("settings", 1.5), new StageReport("loader-state", 0.2, "no environment")],
        Volumes =
        [
            new VolumeReport
            {
                Name = "var",
                MountPoint = "/var",
                Device = "/dev/vda6",
                LuksUuid = new Guid("0f1e2d3c-4b5a-4697-8877-665544332211"),
                UnlockedBy = "tpm",
                FirstBoot = true,
                Recreated = "factory reset",
                Snapshot = new SnapshotReport
                {
                    Provider = "btrfs",
                    Action = "taken",
                    From = new Guid("11112222-3333-4444-8555-666677778888"),
                    Pending = true,
                    Milliseconds = 12.5,
                },
                Milliseconds = 1234.5,
            },
            new VolumeReport { Name = "plain", MountPoint = "/srv", Device = "/dev/vda7" },
        ],
        Measurements = [new MeasurementReport(11, "enter-initrd")],
        NotMeasured = "there is no TPM",
        Drift = [new DriftEntry("/etc/ssh/sshd_config", "changed"), new DriftEntry("/etc/motd", "new")],
        DriftOmitted = 3,
        Reset = "volume var, asked for by the EFI variable FactoryResetRequest",
        LastReset = "watchdog",
        LastFailure = _record,
        Fallback = new(new Guid("11112222-3333-4444-8555-666677778888"), "root-b", "health", "initruntime-check-web.service failed"),
    };

    [Fact]
    public void A_report_with_every_member_is_read_back()
    {
        byte[] json = BootReportJson.Write(Whole);
        Assert.True(BootReportJson.TryParse(json, out BootReportDocument read, out ParseError error), error.ToString());
        Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(BootReportJson.Write(read)));
        foreach (Type type in (Type[])[typeof(BootReportDocument), typeof(VolumeReport), typeof(SnapshotReport), typeof(FailureRecord)])
        {
            // A member that this report leaves at its default would be read back unseen.
            foreach (PropertyInfo member in type.GetProperties().Where(member => member.CanWrite))
            {
                Assert.NotEqual(member.PropertyType.IsValueType ? Activator.CreateInstance(member.PropertyType) : null, member.GetValue(ExampleOf(type)));
            }
        }
    }

    [Fact]
    public void A_report_with_as_little_as_possible_is_read_back()
    {
        var report = new BootReportDocument { ImageUuid = Guid.Empty, ImageName = "", ImageVersion = "", KernelMilliseconds = 0, Stages = [] };
        byte[] json = BootReportJson.Write(report);
        Assert.True(BootReportJson.TryParse(json, out BootReportDocument read, out ParseError error), error.ToString());
        Assert.Equal(json, BootReportJson.Write(read));
        Assert.Equal((null, null, null), (read.Slot, read.OnTrial, read.LastFailure));
    }

    [Fact]
    public void A_hostile_report_is_answered() =>
        Hostile.EveryPrefixAndEveryDamagedByte(BootReportJson.Write(Whole), bytes => BootReportJson.TryParse(bytes, out BootReportDocument _, out _));

    [Theory]
    [InlineData("\"format_version\":1", "\"format_version\":2", "format_version: wanted a whole number from 1 to 1")]
    [InlineData("\"slot\":", "\"slots\":", "slots: not known")]
    [InlineData("\"image_name\":\"demo\",", "", "image_name is missing")]
    [InlineData("\"milliseconds\":1.5", "\"milliseconds\":-1.5", "stages[].milliseconds: wanted a number from 0 to")]
    [InlineData("\"milliseconds\":1.5", "\"milliseconds\":1e999", "stages[].milliseconds: wanted a number from 0 to")]
    [InlineData("\"encrypted\":true", "\"encrypted\":false", "volumes[]: encrypted and luks_uuid do not fit each other")]
    [InlineData("\"pcr\":11", "\"pcr\":24", "measurements[].pcr: wanted a whole number from 0 to 23")]
    public void A_report_of_another_form_is_refused_by_name(string good, string bad, string problem)
    {
        string json = Encoding.UTF8.GetString(BootReportJson.Write(Whole));
        Assert.Contains(good, json, StringComparison.Ordinal);
        Assert.False(BootReportJson.TryParse(Encoding.UTF8.GetBytes(json.Replace(good, bad, StringComparison.Ordinal)), out BootReportDocument _, out ParseError error));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_is_plain_json()
    {
        BootReportDocument report = Whole with { RootPartition = null };
        using var json = JsonDocument.Parse(BootReportJson.Write(report));
        Assert.Equal("root-a", json.RootElement.GetProperty("slot").GetString());
        Assert.Equal("no environment", json.RootElement.GetProperty("stages")[1].GetProperty("failed").GetString());
        Assert.Equal("verity-root", json.RootElement.GetProperty("last_failure").GetProperty("stage").GetString());
        Assert.False(json.RootElement.TryGetProperty("root_partition", out _));
    }

    private static object ExampleOf(Type type) =>
        type == typeof(VolumeReport) ? Whole.Volumes[0] : type == typeof(SnapshotReport) ? Whole.Volumes[0].Snapshot! : type == typeof(FailureRecord) ? _record : Whole;
}
