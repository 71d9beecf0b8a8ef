using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using InitRuntime.Control.Drift;
using InitRuntime.Control.Snapshots;
using InitRuntime.Control.Status;
using InitRuntime.Unit.Formats.BootReport;
using InitRuntime.Unit.Mkinitramfs;
using Xunit;

namespace InitRuntime.Unit.Control;

/// <summary>docs/device.md is what programs rely on.</summary>
public class DocumentationTests
{
    private static readonly string _page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "device.md"));

    [Fact]
    public void Every_member_of_the_JSON_is_told()
    {
        string[] members =
        [
            .. Names(Pages.Json(json => StatusJson.Write(json, StatusTests.Whole))),
            .. Names(Pages.Json(json => VolumeDataJson.Write(json, VolumeDataTests.Volumes))),
            .. Names(Pages.Json(HiddenFiles.Of(BootReportTests.Whole).Write)),
        ];
        Assert.Contains("free_bytes", members);
        Assert.Contains("exclusive_bytes", members);
        Assert.All(members.Distinct(), member => Assert.Matches($"[`.]{member}(\\[\\])?[`.]", _page));
    }

    private static IEnumerable<string> Names(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Names(member.Value).Prepend(member.Name)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Names),
        _ => [],
    };
}
