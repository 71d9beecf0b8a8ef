using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using InitRuntime.Control;
using InitRuntime.Control.Reset;
using InitRuntime.Formats;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Unit.Formats.BootReport;
using Xunit;

namespace InitRuntime.Unit.Control;

public class ResetTests
{
    private static readonly MountedFileSystem[] _mounts =
    [
        new("/", "erofs", "/dev/dm-0", "/"),
        new("/etc", "overlay", "overlay", "/"),
        new("/root", "overlay", "overlay", "/"),
        new("/var", "btrfs", "/dev/mapper/var", "/@images/u"),
    ];

    [Theory]
    [InlineData("", null, """{"scope":"volumes"}""")]
    [InlineData("var", null, """{"scope":"volumes","names":["var"]}""")]
    [InlineData("plain var plain", null, """{"scope":"volumes","names":["plain","var"]}""")]
    [InlineData("", "", """{"scope":"overlays"}""")]
    [InlineData("", "/etc", """{"scope":"overlays","names":["/etc"]}""")]
    public void A_command_line_becomes_the_request_that_init_reads(string volumes, string? overlays, string json)
    {
        ResetPlan plan = Plan(volumes, overlays);
        Assert.Equal(json, Encoding.UTF8.GetString(plan.Bytes));
        Assert.True(ResetRequestJson.TryParse(plan.Bytes, out ResetRequest read, out ParseError error), error.ToString());
        Assert.Equal(plan.Request.ToString(), read.ToString());
    }

    [Theory]
    [InlineData("home", null, "there is no volume home", "the volumes are var, plain")]
    [InlineData("", "/var", "there is no overlay on /var", "overlays are on /etc, /root")]
    [InlineData("", "etc", "there is no overlay on etc", "overlays are on /etc, /root")]
    [InlineData("var", "", "--volume and --overlays cannot be asked for at once", "an erased volume has no changes of overlays left, either")]
    public void What_this_device_does_not_have_is_wrong_usage(string volumes, string? overlays, string problem, string hint)
    {
        ControlException error = Assert.Throws<ControlException>(() => Plan(volumes, overlays));
        Assert.Equal((problem, hint, true), (error.Message, error.Hint, error.IsMisuse));
    }

    [Fact]
    public void An_image_without_volumes_has_nothing_to_erase()
    {
        ControlException error = Assert.Throws<ControlException>(() => ResetPlan.Make(BootReportTests.Whole with { Volumes = [] }, _mounts, [], null));
        Assert.Equal(("this image has no volumes that could be erased", false), (error.Message, error.IsMisuse));
    }

    [Theory]
    [InlineData("", null, "The next boot erases the volumes of this device: var, plain.\n  Those that the image's manifest keeps from it (factory-reset = false) stay.\n")]
    [InlineData("plain", null, "The next boot erases volume plain.\n")]
    [InlineData("", "", "The next boot erases what was changed in the overlays of this device.\n")]
    [InlineData("", "/etc /root", "The next boot erases what was changed in /etc, /root.\n")]
    public void What_will_be_lost_is_named(string volumes, string? overlays, string text) =>
        Assert.Equal($"{text}  It is lost for the images of both slots.\n", Pages.Text(Plan(volumes, overlays).Write));

    [Fact]
    public void Requests_of_both_variables_are_found_also_when_they_are_not_understood()
    {
        byte[] systemds = Encoding.Unicode.GetBytes("""{"osReleaseId":"debian","bootId":"0123456789abcdef0123456789abcdef"}""" + "\0");
        IReadOnlyList<PendingReset> pending = PendingResets.Of(Plan("var", null).Bytes, systemds);
        Assert.Equal(
            [("InitRuntimeReset", "volumes var", "initruntime-ctl reset --cancel"), ("FactoryResetRequest", "all volumes", "systemd-factory-reset cancel")],
            pending.Select(reset => (reset.Variable, reset.Request!.ToString(), PendingResets.HowToCancel(reset))));
        Assert.Equal(
            """[{"variable":"InitRuntimeReset","all_volumes":false,"volumes":["var"],"all_overlays":false,"overlays":[]},{"variable":"FactoryResetRequest","all_volumes":true,"volumes":[],"all_overlays":false,"overlays":[]}]""",
            Pages.Json(json => PendingResets.Write(json, pending)).GetProperty("reset_requests").GetRawText());

        JsonElement[] broken = [.. Pages.Json(json => PendingResets.Write(json, PendingResets.Of([1], [2]))).GetProperty("reset_requests").EnumerateArray()];
        Assert.All(broken, reset => Assert.NotEqual("", reset.GetProperty("problem").GetString()));
        Assert.Empty(PendingResets.Of(null, null));
    }

    private static ResetPlan Plan(string volumes, string? overlays) =>
        ResetPlan.Make(BootReportTests.Whole, _mounts, Words(volumes), overlays is null ? null : Words(overlays));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
