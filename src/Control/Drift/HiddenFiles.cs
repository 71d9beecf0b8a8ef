using System;
using System.Collections.Generic;
using InitRuntime.Control.Output;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Json;

namespace InitRuntime.Control.Drift;

/// <summary>What older files in the overlays hide of this image.</summary>
/// <param name="Image">The image that runs.</param>
/// <param name="Entries">In the order of their paths.</param>
/// <param name="Omitted">How many more there are, which /init did not list.</param>
internal sealed record HiddenFiles(Guid Image, IReadOnlyList<DriftEntry> Entries, int Omitted)
{
    private const int WordWidth = 9;

    /// <summary>Reads what /init found.</summary>
    /// <exception cref="ControlException">There is no report of this boot.</exception>
    internal static HiddenFiles Read() => Of(BootReportFile.Read());

    /// <summary>What a report says.</summary>
    internal static HiddenFiles Of(BootReportDocument report)
    {
        // As it was when the overlays were mounted: an older file that was removed since is still listed.
        var entries = new List<DriftEntry>(report.Drift);
        entries.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new(report.ImageUuid, entries, report.DriftOmitted);
    }

    /// <summary>For people.</summary>
    internal void Write(TextPage page)
    {
        if (Entries.Count == 0)
        {
            page.Heading("Nothing that this image brings is hidden by an older file of an overlay.");
            return;
        }

        page.Heading($"{Printable.Count(Entries.Count + Omitted, "file")} of this image {(Entries.Count + Omitted == 1 ? "is" : "are")} hidden by older ones of the overlays:");
        foreach (DriftEntry entry in Entries)
        {
            page.Line(entry.Change.PadRight(WordWidth) + entry.Path);
        }

        if (Omitted > 0)
        {
            page.Line($"and {Omitted} more");
        }

        page.Heading("changed: the image's file is another one than when the overlay's was made");
        page.Line("new: the image had no such file then; removed: it has none any more", 0);
    }

    /// <summary>For programs.</summary>
    internal void Write(JsonOutput json)
    {
        json.Text("image_uuid", Image.ToString());
        json.BeginArray("drift");
        foreach (DriftEntry entry in Entries)
        {
            BootReportJson.Write(json, entry);
        }

        json.EndArray();
        json.Number("omitted", Omitted);
    }
}
