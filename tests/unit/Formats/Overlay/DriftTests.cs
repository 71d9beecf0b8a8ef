using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Overlay;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Overlay;

/// <summary>Listings are written as words here: <c>hosts=1</c> is a file with some digest, <c>ssl/=1</c> a directory.</summary>
public sealed class DriftTests
{
    private static readonly Guid _image = new("01234567-89ab-8def-8123-456789abcdef");

    [Theory]
    // An entry of the upper layer hides what has its name.
    [InlineData("a=1", "a=1", "file a", "")]
    [InlineData("a=1", "a=2", "file a", "changed a")]
    [InlineData("a=1", "", "file a", "removed a")]
    [InlineData("", "a=1", "file a", "new a")]
    [InlineData("", "", "file a", "")]
    [InlineData("a=1 b=1", "a=2 b=2", "file b", "changed b")]
    // A whiteout too, but there is nothing to see where the image has nothing either.
    [InlineData("a=1", "a=1", "whiteout a", "")]
    [InlineData("a=1", "a=2", "whiteout a", "changed a")]
    [InlineData("a=1", "", "whiteout a", "")]
    [InlineData("", "a=1", "whiteout a", "new a")]
    // Where a directory was, all of it is hidden.
    [InlineData("d/=1 d/a=1", "d/=1 d/a=2 d/b=1", "whiteout d", "changed d/a, new d/b")]
    [InlineData("d/=1 d/a=1", "d/=1 d/a=2 d/b=1", "file d", "changed d/a, new d/b")]
    [InlineData("d/=1 d/a=1 d/b=1", "d/=1 d/b=1", "whiteout d", "")]
    [InlineData("d/=1 d/a=1", "d/=2 d/a=1", "whiteout d", "changed d")]
    [InlineData("d/=1 d/a=1 d.conf=1", "d/=1 d/a=1 d.conf=2", "whiteout d", "")]
    // A merged directory hides nothing but owner and mode of the lower one; an opaque one all that is in it.
    [InlineData("d/=1 d/a=1", "d/=1 d/a=2 d/b=1", "directory d", "")]
    [InlineData("d/=1 d/a=1", "d/=2 d/a=1", "directory d", "changed d")]
    [InlineData("d/=1", "", "directory d", "")]
    [InlineData("", "d/=1", "directory d", "")]
    [InlineData("d/=1 d/a=1", "d/=1 d/a=2 d/b=1", "opaque d", "changed d/a, new d/b")]
    [InlineData("d/=1 d/a=1 d/b=1", "d/=1", "opaque d, file d/a", "removed d/a")]
    [InlineData("d/=1 d/a=1", "d/=2 d/a=1", "opaque d", "changed d")]
    [InlineData("", "d/=1 d/a=1", "opaque d", "new d/a")]
    [InlineData("d/=1 d/e/=1 d/e/a=1", "d/=1 d/e/=2 d/e/a=2", "opaque d, directory d/e, file d/e/a", "changed d/e, changed d/e/a")]
    [InlineData("d/=1 d/a=1", "d/=1 d/a=2", "directory d, file d/a", "changed d/a")]
    // What was made a directory on the device, or in the image, since.
    [InlineData("", "d=1", "directory d", "new d")]
    [InlineData("d=1", "d=2", "opaque d", "changed d")]
    [InlineData("d=1", "", "opaque d", "")]
    [InlineData("d=1", "d/=1 d/a=1", "opaque d", "changed d, new d/a")]
    [InlineData("d/=1", "d=1", "directory d", "changed d")]
    [InlineData("d/=1 d/a=1", "d=1", "directory d, file d/a", "changed d, removed d/a")]
    public void What_the_new_image_changed_below_the_upper_layer_is_told(string old, string now, string upper, string expected) =>
        Assert.Equal(expected, Words(Drift.Compare(Listing(old), Listing(now), Upper(upper), [])));

    [Theory]
    // An image that is again what the file was made from makes it vanish.
    [InlineData("a=1", "a=2", "a=1", "file a", "changed a", "")]
    [InlineData("a=1", "", "a=1", "file a", "removed a", "")]
    [InlineData("", "a=1", "", "file a", "new a", "")]
    [InlineData("a=1", "", "a=1", "whiteout a", "", "")]
    // A third one is compared with what the file was made from, not with the second.
    [InlineData("a=1", "a=2", "a=2", "file a", "changed a", "changed a")]
    [InlineData("a=1", "a=2", "a=3", "file a", "changed a", "changed a")]
    [InlineData("a=1", "a=2", "", "file a", "changed a", "removed a")]
    [InlineData("a=1", "", "a=2", "file a", "removed a", "changed a")]
    [InlineData("", "a=1", "a=2", "file a", "new a", "new a")]
    [InlineData("a=1", "", "a=2", "whiteout a", "", "changed a")]
    [InlineData("d/=1 d/a=1", "d/=1", "d/=1 d/a=2", "opaque d", "", "changed d/a")]
    [InlineData("d=1", "", "d=2", "opaque d", "", "changed d")]
    [InlineData("d=1", "", "d=1", "opaque d", "", "")]
    // Newer entries join older ones.
    [InlineData("a=1 b=1", "a=2 b=1", "a=2 b=2", "file a, file b", "changed a", "changed a, changed b")]
    public void A_third_image_is_compared_with_what_each_file_was_made_from(
        string first, string second, string third, string upper, string then, string expected)
    {
        IReadOnlyList<HiddenEntry> known = Drift.Compare(Listing(first), Listing(second), Upper(upper), []);
        Assert.Equal(then, Words(known));
        Assert.Equal(expected, Words(Drift.Compare(Listing(second), Listing(third), Upper(upper), known)));
    }

    [Fact]
    public void What_is_no_longer_hidden_is_forgotten()
    {
        IReadOnlyList<HiddenEntry> known = Drift.Compare(Listing("a=1"), Listing("a=2"), Upper("file a"), []);
        Assert.Empty(Drift.Compare(Listing("a=2"), Listing("a=3"), [], known));
    }

    /// <summary>Power goes after the result is on the disk and before the new listing is: the same image or any other then boots.</summary>
    [Fact]
    public void A_comparison_that_was_cut_can_be_made_again_for_any_image()
    {
        string[] states = ["", "a=1", "a=2", "a=3"];
        foreach (string upper in (string[])["file a", "whiteout a", "opaque d", "opaque d, file d/a"])
        {
            LowerListing[] images = [.. states.Select(state => Listing(upper.StartsWith("opaque", StringComparison.Ordinal) ? state.Replace("a", "d/a") : state))];
            foreach (LowerListing[] run in from a in images from b in images from c in images from d in images select (LowerListing[])[a, b, c, d])
            {
                IReadOnlyList<HiddenEntry> before = Drift.Compare(run[0], run[1], Upper(upper), []);
                IReadOnlyList<HiddenEntry> cut = Drift.Compare(run[1], run[2], Upper(upper), before);
                Assert.Equal(Words(cut), Words(Drift.Compare(run[1], run[2], Upper(upper), cut)));
                Assert.Equal(Words(Drift.Compare(run[1], run[3], Upper(upper), before)), Words(Drift.Compare(run[1], run[3], Upper(upper), cut)));
                Assert.Equal(Words(Drift.Compare(run[1], run[1], Upper(upper), before)), Words(Drift.Compare(run[1], run[1], Upper(upper), cut)));
            }
        }
    }

    [Fact]
    public void The_state_is_read_back_and_becomes_the_report()
    {
        HiddenEntry[] hidden =
        [
            new("a b", new(1, 2), HiddenChange.Changed), new("d", null, HiddenChange.New), new("e/f", new(3, 4), HiddenChange.Removed),
            new("g", new(5, 6), HiddenChange.None), new("h\udcff", null, HiddenChange.None),
        ];
        byte[] text = new DriftState(_image, hidden).ToBytes();
        Assert.Equal(
            """
            01234567-89ab-8def-8123-456789abcdef
            changed 00000000000000010000000000000002 a\040b
            new - d
            removed 00000000000000030000000000000004 e/f
            - 00000000000000050000000000000006 g
            - - h\377

            """,
            Encoding.UTF8.GetString(text));
        Assert.True(DriftState.TryParse(text, out DriftState state, out ParseError error), error.Message);
        Assert.Equal(_image, state.Image);
        Assert.Equal(hidden, state.Hidden);
        Assert.Equal([new DriftEntry("/etc/a b", "changed"), new DriftEntry("/etc/d", "new"), new DriftEntry("/etc/e/f", "removed")], state.Report("/etc"));
    }

    [Theory]
    [InlineData("changed - a")]
    [InlineData("removed - a")]
    [InlineData("new 00000000000000010000000000000002 a")]
    [InlineData("gone 00000000000000010000000000000002 a")]
    [InlineData("changed 0000000000000001000000000000000 a")]
    [InlineData("changed 00000000000000010000000000000002 ../a")]
    [InlineData("changed 00000000000000010000000000000002")]
    [InlineData("new - b\nnew - a")]
    [InlineData("new - a\nnew - a")]
    [InlineData("")]
    public void A_state_that_cannot_be_is_refused(string lines)
    {
        Assert.False(DriftState.TryParse(Encoding.ASCII.GetBytes($"{_image}\n{lines}\n"), out DriftState state, out ParseError error));
        Assert.Contains("line", error.Message, StringComparison.Ordinal);
        Assert.Empty(state.Report("/etc"));
    }

    [Fact]
    public void Any_bytes_have_an_answer()
    {
        byte[] text = new DriftState(_image, [new("a b", new(1, 2), HiddenChange.Changed), new("d/\u0151", null, HiddenChange.New)]).ToBytes();
        Hostile.EveryPrefixAndEveryDamagedByte(text, bytes => DriftState.TryParse(bytes, out _, out _));
        Assert.False(DriftState.TryParse(new byte[DriftState.MaximumLength + 1], out _, out _));
    }

    private static LowerListing Listing(string words)
    {
        byte[] text = LowerListing.Write([.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('='))
            .Select(parts => KeyValuePair.Create(
                parts[0].TrimEnd('/'), ListedDigest.Of([.. new byte[14], byte.Parse(parts[1], CultureInfo.InvariantCulture), 0], parts[0].EndsWith('/'))))]);
        Assert.True(LowerListing.TryParse(text, out LowerListing listing, out ParseError error), error.Message);
        return listing;
    }

    private static List<UpperEntry> Upper(string words) => [.. words.Split(", ").Select(word => word.Split(' ')).Select(parts => new UpperEntry(parts[1], parts[0] switch
    {
        "file" => UpperKind.File,
        "whiteout" => UpperKind.Whiteout,
        "opaque" => UpperKind.OpaqueDirectory,
        _ => UpperKind.Directory,
    }))];

    private static string Words(IReadOnlyList<HiddenEntry> hidden) =>
        string.Join(", ", new DriftState(_image, hidden).Report("").Select(entry => $"{entry.Change} {entry.Path[1..]}"));
}
