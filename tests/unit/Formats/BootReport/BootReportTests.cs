using System;
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

    [Fact]
    public void A_report_is_plain_json()
    {
        var report = new BootReportDocument
        {
            ImageUuid = _record.ImageUuid!.Value,
            ImageName = "demo",
            ImageVersion = "1.0",
            Slot = "root-a",
            OnTrial = true,
            KernelMilliseconds = 1200,
            Stages = [new StageReport("settings", 1.5), new StageReport("loader-state", 0.2, "no environment")],
            LastFailure = _record,
        };
        using var json = JsonDocument.Parse(BootReportJson.Write(report));
        Assert.Equal("root-a", json.RootElement.GetProperty("slot").GetString());
        Assert.Equal("no environment", json.RootElement.GetProperty("stages")[1].GetProperty("failed").GetString());
        Assert.Equal("verity-root", json.RootElement.GetProperty("last_failure").GetProperty("stage").GetString());
        Assert.False(json.RootElement.TryGetProperty("root_partition", out _));
    }
}
