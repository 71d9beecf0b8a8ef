using System;
using System.Text.Json;
using InitRuntime.Control.Drift;
using InitRuntime.Formats.BootReport;
using InitRuntime.Unit.Formats.BootReport;
using Xunit;

namespace InitRuntime.Unit.Control;

public class DriftTests
{
    [Fact]
    public void Files_are_listed_by_path_with_what_became_of_them()
    {
        HiddenFiles files = HiddenFiles.Of(BootReportTests.Whole with
        {
            Drift = [.. BootReportTests.Whole.Drift, new DriftEntry("/etc/\e[0mbad\udcff", "removed")],
        });
        Assert.Equal(
            """
            6 files of this image are hidden by older ones of the overlays:
              removed  /etc/\x1b[0mbad\xff
              new      /etc/motd
              changed  /etc/ssh/sshd_config
              and 3 more

            changed: the image's file is another one than when the overlay's was made
            new: the image had no such file then; removed: it has none any more

            """,
            Pages.Text(files.Write));
        JsonElement json = Pages.Json(files.Write);
        Assert.Equal("7c1e2f30-0a1b-4c2d-8e3f-405162738495", json.GetProperty("image_uuid").GetString());
        Assert.Equal("""{"path":"/etc/motd","change":"new"}""", json.GetProperty("drift")[1].GetRawText());
    }

    [Fact]
    public void An_image_without_drift_says_so()
    {
        HiddenFiles none = HiddenFiles.Of(BootReportTests.Whole with { Drift = [], DriftOmitted = 0 });
        Assert.Equal("Nothing that this image brings is hidden by an older file of an overlay.\n", Pages.Text(none.Write));
        Assert.Equal("[]", Pages.Json(none.Write).GetProperty("drift").GetRawText());
    }

    [Fact]
    public void A_single_file_is_no_plural() => Assert.StartsWith(
        "1 file of this image is hidden", Pages.Text(HiddenFiles.Of(BootReportTests.Whole with { Drift = [new DriftEntry("/etc/a", "new")], DriftOmitted = 0 }).Write), StringComparison.Ordinal);
}
